/** What an operator does where capturing is not permitted. */
export const PERMISSION_REMEDY =
  "run with sudo, or give the process CAP_NET_RAW; -u shows the kernel's counters without";
