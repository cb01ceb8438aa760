/** Asks for the name and the description of a filter. */
import type { Filter } from '../../filters/filter.ts';
import { descriptionProblem, nameProblem } from '../../filters/rule.ts';
import { formDialog } from '../kit/dialog.ts';
import type { Reaction, Screen } from '../kit/screen.ts';

type Named = Pick<Filter, 'name' | 'description'>;

/** `taken`: names of other filters. */
export function nameDialog(
  title: string,
  now: Named,
  taken: readonly string[],
  accept: (named: Named) => Reaction,
): Screen {
  const fields = [
    {
      id: 'name',
      label: 'Name',
      value: now.name,
      help: 'What the filter is called: on the status line, in the list, and after --filter on the command line',
      check: (name: string) => (taken.includes(name) ? 'there is a filter of that name' : nameProblem(name)),
    },
    {
      id: 'description',
      label: 'Description',
      value: now.description,
      help: 'What it is for, in a few words; may be empty',
      check: descriptionProblem,
    },
  ];
  return formDialog(title, '', fields, ({ name, description }) => accept({ name, description: description.trim() }));
}
