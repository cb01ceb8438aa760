/** Something wrong in a document that no schema can say, by its path: ["filters", 0, "rules", 2, "source", "port"]. */
export interface FieldProblem {
  path: (string | number)[];
  problem: string;
}
