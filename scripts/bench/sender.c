// Makes the traffic of the benchmark: 60-byte Ethernet frames of N conversations, sent through AF_PACKET in batches and
// past the queueing discipline, or written to a pcap file. Prints how many frames went out, exactly.
//
//   sender send INTERFACE DESTINATION_MAC TRAFFIC CONVERSATIONS PACKETS_PER_SECOND SECONDS     (0 = full speed)
//   sender file PATH TRAFFIC CONVERSATIONS PACKETS
//
// Conversations are visited in a shuffled order, each once a round: neighbours in time are no neighbours in a table.
// TRAFFIC is udp, tcp, mixed (even conversations are TCP and odd ones UDP), stations (udp, each conversation from a MAC
// address of its own), ports (tcp, each conversation to a port of its own, up to all 65,536), pairs (udp, each
// conversation of two hosts of its own), pair (udp, all conversations of the same two hosts) or connections (each a new
// TCP connection of 7 packets from its SYN to its last ACK, both sides' packets, one connection after the other without
// end). Other TCP begins with a SYN and goes on with 6 bytes of data.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 60, BATCH = 64, IP = 14, L4 = 34, UDP_PROTOCOL = 17, TCP_PROTOCOL = 6 };
enum { FIN_ACK = 0x11, SYN = 0x02, SYN_ACK = 0x12, ACK = 0x10, PUSH_ACK = 0x18, TCP_DATA = 6 };

enum traffic { UDP_ONLY, TCP_ONLY, MIXED, STATIONS, PORTS, PAIRS, PAIR, CONNECTIONS, TRAFFICS };

static const char *const TRAFFIC_NAMES[TRAFFICS] = {"udp",   "tcp",   "mixed", "stations",
                                                    "ports", "pairs", "pair",  "connections"};

struct generator {
  enum traffic traffic;
  uint32_t conversations;
  uint32_t next;
  uint32_t *order;
  uint32_t *sequence; // TCP sequence number of each conversation; 0 = SYN not sent
  uint8_t destination_mac[6];
};

static volatile sig_atomic_t stopped;

static void on_signal(int number) {
  (void)number;
  stopped = 1;
}

static void fail(const char *what) {
  fprintf(stderr, "sender: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void usage(void) {
  fprintf(stderr, "usage: sender send IF MAC TRAFFIC CONVERSATIONS RATE SECONDS\n"
                  "       sender file PATH TRAFFIC CONVERSATIONS PACKETS\n"
                  "TRAFFIC: udp, tcp, mixed, stations, ports, pairs, pair, connections\n");
  exit(2);
}

// --- frames

static void put16(uint8_t *at, uint16_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
  put16(at, (uint16_t)(value >> 16));
  put16(at + 2, (uint16_t)value);
}

static uint32_t sum16(const uint8_t *at, int length) {
  uint32_t sum = 0;
  for (int i = 0; i < length; i += 2) sum += (uint32_t)at[i] << 8 | at[i + 1];
  return sum;
}

static uint16_t fold(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

// 10.0.0.0/8: 16 conversations a host, unless hosts are what it is about.
static uint32_t source_of(enum traffic traffic, uint32_t conversation) {
  if (traffic == PAIRS) return 0x0a000001u + conversation;
  return 0x0a000000u | (traffic == PAIR ? 1 : conversation / 16 + 1);
}

// 198.18.0.0/15, the range for benchmarks (RFC 2544).
static uint32_t destination_of(enum traffic traffic, uint32_t conversation) {
  return 0xc6120001u + (traffic == PAIRS ? conversation : 0);
}

static void build_ip(enum traffic traffic, uint8_t *frame, uint32_t conversation, int protocol, int length) {
  uint8_t *ip = frame + IP;
  memset(ip, 0, FRAME - IP);
  ip[0] = 0x45;
  put16(ip + 2, (uint16_t)length);
  ip[8] = 64;
  ip[9] = (uint8_t)protocol;
  put32(ip + 12, source_of(traffic, conversation));
  put32(ip + 16, destination_of(traffic, conversation));
  put16(ip + 10, fold(sum16(ip, 20)));
  put16(frame + L4, (uint16_t)(1024 + conversation % 60000));
}

static void build_udp(enum traffic traffic, uint8_t *frame, uint32_t conversation) {
  build_ip(traffic, frame, conversation, UDP_PROTOCOL, 46);
  put16(frame + L4 + 2, (uint16_t)(traffic == PAIR ? 5001 + conversation / 60000 : 5001));
  put16(frame + L4 + 4, 26);
}

static void build_tcp(struct generator *g, uint8_t *frame, uint32_t conversation) {
  const int first = g->sequence[conversation] == 0;
  const int data = first ? 0 : TCP_DATA;
  build_ip(g->traffic, frame, conversation, TCP_PROTOCOL, 40 + data);
  uint8_t *tcp = frame + L4;
  put16(tcp + 2, g->traffic == PORTS ? (uint16_t)conversation : 443);
  put32(tcp + 4, first ? conversation + 1 : g->sequence[conversation]);
  put32(tcp + 8, first ? 0 : 1);
  tcp[12] = 5 << 4;
  tcp[13] = first ? SYN : PUSH_ACK;
  put16(tcp + 14, 65535);
  put16(tcp + 16, fold(sum16(frame + IP + 12, 8) + TCP_PROTOCOL + 20 + data + sum16(tcp, 20 + data)));
  g->sequence[conversation] = first ? conversation + 2 : g->sequence[conversation] + TCP_DATA;
}

// The seven packets of a connection: who sends it, flags, sequence and acknowledgement number, bytes of data.
static const struct step { int server, flags, sequence, acknowledgement, data; } STEPS[] = {
    {0, SYN, 1, 0, 0},          {1, SYN_ACK, 1, 2, 0},          {0, PUSH_ACK, 2, 2, TCP_DATA}, {1, PUSH_ACK, 2, 8, TCP_DATA},
    {0, FIN_ACK, 8, 8, 0},      {1, FIN_ACK, 8, 9, 0},          {0, ACK, 9, 9, 0},
};
enum { STEP_COUNT = sizeof STEPS / sizeof *STEPS };

static void build_step(uint8_t *frame, uint32_t connection, const struct step *step) {
  build_ip(CONNECTIONS, frame, connection, TCP_PROTOCOL, 40 + step->data);
  uint8_t *tcp = frame + L4;
  put16(tcp + 2, 443);
  if (step->server) {
    uint8_t client[4], port[2];
    memcpy(client, frame + IP + 12, 4);
    memmove(frame + IP + 12, frame + IP + 16, 4);
    memcpy(frame + IP + 16, client, 4);
    memcpy(port, tcp, 2);
    memmove(tcp, tcp + 2, 2);
    memcpy(tcp + 2, port, 2);
  }
  put32(tcp + 4, (uint32_t)step->sequence);
  put32(tcp + 8, (uint32_t)step->acknowledgement);
  tcp[12] = 5 << 4;
  tcp[13] = (uint8_t)step->flags;
  put16(tcp + 14, 65535);
  put16(tcp + 16, fold(sum16(frame + IP + 12, 8) + TCP_PROTOCOL + 20 + (uint32_t)step->data + sum16(tcp, 20 + step->data)));
}

static void build_next(struct generator *g, uint8_t *frame) {
  memcpy(frame, g->destination_mac, 6);
  memcpy(frame + 6, "\x02\x00\x00\x00\x00\x01", 6);
  if (g->traffic == CONNECTIONS) {
    put16(frame + 12, ETHERTYPE_IP);
    build_step(frame, g->next / STEP_COUNT, &STEPS[g->next % STEP_COUNT]);
    g->next++;
    return;
  }
  const uint32_t conversation = g->order[g->next];
  g->next = g->next + 1 == g->conversations ? 0 : g->next + 1;
  if (g->traffic == STATIONS) put32(frame + 8, conversation + 256);
  put16(frame + 12, ETHERTYPE_IP);
  const int tcp = g->traffic == TCP_ONLY || g->traffic == PORTS || (g->traffic == MIXED && conversation % 2 == 0);
  if (tcp) build_tcp(g, frame, conversation);
  else build_udp(g->traffic, frame, conversation);
}

static struct generator new_generator(const char *traffic, const char *conversations) {
  struct generator g = {.conversations = (uint32_t)strtoul(conversations, NULL, 10)};
  while (g.traffic < TRAFFICS && strcmp(traffic, TRAFFIC_NAMES[g.traffic]) != 0) g.traffic++;
  if (g.traffic == TRAFFICS || g.conversations == 0) usage();
  g.order = calloc(g.conversations, sizeof *g.order);
  g.sequence = calloc(g.conversations, sizeof *g.sequence);
  if (g.order == NULL || g.sequence == NULL) fail("memory");
  uint64_t random = 88172645463325252u; // xorshift64, always the same order
  for (uint32_t i = 0; i < g.conversations; i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const uint32_t j = (uint32_t)(random % (i + 1));
    g.order[i] = g.order[j];
    g.order[j] = i;
  }
  return g;
}

// --- sending

static int open_socket(const char *interface) {
  const int fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) fail("socket");
  const int on = 1;
  if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) < 0) fail("PACKET_QDISC_BYPASS");
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
  if (address.sll_ifindex == 0) fail(interface);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  return fd;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void sleep_until(double when) {
  const struct timespec time = {.tv_sec = (time_t)when, .tv_nsec = (long)((when - (double)(time_t)when) * 1e9)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

// Sends a batch, all of it unless told to stop, and returns how many went out. A full device queue is waited for.
static int send_batch(int fd, struct mmsghdr *messages) {
  int sent = 0;
  while (sent < BATCH && !stopped) {
    const int n = sendmmsg(fd, messages + sent, (unsigned)(BATCH - sent), 0);
    if (n > 0) sent += n;
    else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) fail("sendmmsg");
  }
  return sent;
}

static void send_traffic(struct generator *g, const char *interface, double rate, double seconds) {
  static uint8_t frames[BATCH][FRAME];
  struct iovec vectors[BATCH];
  struct mmsghdr messages[BATCH] = {0};
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){frames[i], FRAME};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  const int fd = open_socket(interface);
  const double start = now();
  uint64_t sent = 0;
  while (!stopped && now() - start < seconds) {
    for (int i = 0; i < BATCH; i++) build_next(g, frames[i]);
    sent += (uint64_t)send_batch(fd, messages);
    if (rate > 0) sleep_until(start + (double)sent / rate);
  }
  printf("{\"sent\":%" PRIu64 ",\"seconds\":%.3f}\n", sent, now() - start);
}

// --- files

static void write_file(struct generator *g, const char *path, uint64_t packets) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) fail(path);
  static char buffer[1 << 20];
  setvbuf(file, buffer, _IOFBF, sizeof buffer);
  const struct { uint32_t magic; uint16_t major, minor; uint32_t zone, accuracy, snaplen, link; } header = {
      0xa1b2c3d4, 2, 4, 0, 0, 262144, 1};
  fwrite(&header, sizeof header, 1, file);
  struct { uint32_t seconds, micros, captured, length; uint8_t frame[FRAME]; } record = {.captured = FRAME, .length = FRAME};
  for (uint64_t i = 0; i < packets; i++) {
    record.seconds = (uint32_t)(1700000000 + i / 1000000);
    record.micros = (uint32_t)(i % 1000000);
    build_next(g, record.frame);
    fwrite(&record, sizeof record, 1, file);
  }
  if (fclose(file) != 0) fail(path);
  printf("{\"sent\":%" PRIu64 "}\n", packets);
}

int main(int count, char **arguments) {
  const struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  if (count == 8 && strcmp(arguments[1], "send") == 0) {
    struct generator g = new_generator(arguments[4], arguments[5]);
    uint8_t *mac = g.destination_mac;
    if (sscanf(arguments[3], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6) usage();
    send_traffic(&g, arguments[2], atof(arguments[6]), atof(arguments[7]));
    return 0;
  }
  if (count == 6 && strcmp(arguments[1], "file") == 0) {
    struct generator g = new_generator(arguments[3], arguments[4]);
    memcpy(g.destination_mac, "\x02\x00\x00\x00\x00\x02", 6);
    write_file(&g, arguments[2], strtoull(arguments[5], NULL, 10));
    return 0;
  }
  usage();
}
