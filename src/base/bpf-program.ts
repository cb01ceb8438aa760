/** A classic BPF program as libpcap compiles it and the kernel takes it (linux/filter.h, struct sock_filter). */
export interface BpfProgram {
  /** 8 bytes an instruction, little-endian: u16 code, u8 jt, u8 jf, u32 k. */
  instructions: Uint8Array;
}
