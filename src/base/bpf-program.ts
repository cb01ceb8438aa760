/** A classic BPF program as libpcap compiles it and the kernel takes it (linux/filter.h, struct sock_filter). */
export interface BpfProgram {
  /** 8 bytes an instruction, little-endian: u16 code, u8 jt, u8 jf, u32 k. */
  instructions: Uint8Array;
}

/** A capture expression and what libpcap made of it. */
export interface CompiledExpression {
  text: string;
  /** Per LINKTYPE_ number: the program (BpfProgram.instructions), or libpcap's words where it has no sense there. */
  programs: { linkType: number; instructions: Uint8Array | null; error: string | null }[];
}
