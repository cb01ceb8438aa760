/**
 * Numbers of a TPACKET_V3 ring (linux/if_packet.h, linux/virtio_net.h). A file of their own: the bundler puts a number in
 * the place of a name only where it is imported, and elsewhere leaves the hot path a variable to load and to check.
 */
export const BLOCK_STATUS = 8;
export const BLOCK_PACKETS = 12;
export const BLOCK_FIRST_PACKET = 16;
export const STATUS_KERNEL = 0;
export const STATUS_USER = 1;

/** Bytes of tpacket3_hdr and sockaddr_ll: no packet can begin closer to the end of its block. */
export const PACKET_HEADER_BYTES = 68;

export const TP_STATUS_CSUM_NOT_READY = 0x08;
export const TP_STATUS_VLAN_VALID = 0x10;
export const TP_STATUS_VLAN_TPID_VALID = 0x40;
export const TPID_8021Q = 0x8100;

export const VNET_HEADER_BYTES = 10;
/** virtio_net_hdr.gso_type: UFO 3, USO 5; bit 7 says that the TCP segments carry ECN. */
export const GSO_UDP_FRAGMENTS = 3;
export const GSO_UDP_SEGMENTS = 5;
export const GSO_TYPE_MASK = 0x7f;
