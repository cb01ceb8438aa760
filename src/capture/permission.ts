/** What an operator does where capturing is not permitted. */
export const PERMISSION_REMEDY =
  "run with sudo, or give the process CAP_NET_RAW; iptraf-ts -u shows the kernel's counters without";
