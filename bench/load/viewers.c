/* viewers: N server-sent-event viewers of one URL, in one thread, that count and verify what they get.
 *
 *   viewers HOST PORT PATH COUNT [NAP_US [AFTER]]
 *
 * Every published event carries "bench":<number> (1, 2, 3 ...) and "bench_at":<publisher's CLOCK_MONOTONIC, ns> in its
 * data. Each viewer must see each number past AFTER exactly once and in order; whatever else arrives is counted, not
 * hidden.
 * Commands are lines on stdin, each answered by one line on stdout:
 *   ready    answers once every viewer has the response's head (or has failed)       report   the counters as JSON
 *   zero     sets the counters and latencies to 0; what each viewer saw last stays
 * End of stdin ends the program, so that it cannot outlive the harness.
 *
 * It must cost the server as little as a viewer on another machine would. A reader asleep in epoll_wait makes each of
 * the server's send() calls pay for waking it across cores; so it naps for NAP_US and then looks, without waiting.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state { CONNECTING, HEAD, STREAMING, GONE };
enum framing { IDENTITY, CHUNK_SIZE, CHUNK_DATA, CHUNK_CRLF };
enum kind { EVENT, SNAPSHOT, RESET, END };

struct viewer {
    int fd;
    uint8_t state, framing, kind;
    bool in_frame, ended;
    uint64_t chunk_left;     /* bytes of the current HTTP chunk still to come */
    char *carry;             /* the head or a line that has not arrived whole */
    size_t held, room;
    int64_t number, at, last;  /* of the frame being read; last = the number seen before it */
};

static struct {
    uint64_t events, bytes, reads, gaps, duplicates, snapshots, resets, other;
} count;

#define BUCKET_US 20
#define BUCKETS 500000       /* 10 s; later ones fall into the last */
#define IN_FLIGHT 256        /* connections begun and not yet answered: fewer than any listen backlog */
#define PER_SOURCE 8000      /* viewers per 127.0.0.x source address, far from its 28,000 ports */

static uint32_t late[BUCKETS];
static struct viewer *viewers;
static int total, begun, answered, poller;
static int64_t after;
static struct sockaddr_in server;
static char request[2048];

static void die(const char *what) { perror(what); exit(1); }

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void hold(struct viewer *v, const char *p, size_t n)
{
    if (v->held + n > v->room) {
        v->room = (v->held + n) * 2;
        if (!(v->carry = realloc(v->carry, v->room))) die("realloc");
    }
    memcpy(v->carry + v->held, p, n);
    v->held += n;
}

static void leave(struct viewer *v)
{
    if (v->state < STREAMING) answered++;
    v->state = GONE;
    close(v->fd);
}

/* ------------------------------------------------------------------------------------ server-sent events */

static bool starts(const char *line, size_t n, const char *prefix)
{
    size_t length = strlen(prefix);
    return n >= length && memcmp(line, prefix, length) == 0;
}

/* The highest integer after `"name":`, or `otherwise`. Only a snapshot holds several events: the rest stop at one. */
static int64_t field(const char *p, size_t n, const char *name, bool all, int64_t otherwise)
{
    const char *end = p + n;
    size_t length = strlen(name);
    while ((p = memmem(p, end - p, name, length))) {
        p += length;
        while (p < end && *p == ' ') p++;
        if (p == end || *p < '0' || *p > '9') continue;
        int64_t value = 0;
        while (p < end && *p >= '0' && *p <= '9') value = value * 10 + (*p++ - '0');
        if (value > otherwise) otherwise = value;
        if (!all) break;
    }
    return otherwise;
}

static void on_event(struct viewer *v)
{
    count.events++;
    if (v->number <= v->last) count.duplicates++;
    else if (v->number > v->last + 1) count.gaps += v->number - v->last - 1;
    if (v->number > v->last) v->last = v->number;
    int64_t us = v->at >= 0 ? (now_ns() - v->at) / 1000 : 0;
    size_t bucket = us < 0 ? 0 : us / BUCKET_US;
    late[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

static void on_frame(struct viewer *v)
{
    if (v->kind == SNAPSHOT) {
        count.snapshots++;
        v->last = v->number >= 0 ? v->number : v->last;
    } else if (v->kind == RESET) {
        count.resets++;
    } else if (v->kind == END) {
        v->ended = true;
    } else if (v->number >= 0) {
        on_event(v);
    } else {
        count.other++;
    }
    v->kind = EVENT;
    v->number = v->at = -1;
    v->in_frame = false;
}

static void on_line(struct viewer *v, const char *line, size_t n)
{
    if (n && line[n - 1] == '\r') n--;
    if (n == 0) {
        if (v->in_frame) on_frame(v);
        return;
    }
    if (line[0] == ':') return;
    v->in_frame = true;
    if (starts(line, n, "event: snapshot")) v->kind = SNAPSHOT;
    else if (starts(line, n, "event: reset")) v->kind = RESET;
    else if (starts(line, n, "event: end")) v->kind = END;
    else if (starts(line, n, "data:")) {
        v->number = field(line, n, "\"bench\":", v->kind == SNAPSHOT, v->number);
        v->at = field(line, n, "\"bench_at\":", false, v->at);
    }
}

static void on_body(struct viewer *v, const char *p, size_t n)
{
    const char *end = p + n, *newline;
    while (p < end && (newline = memchr(p, '\n', end - p))) {
        if (v->held) {
            hold(v, p, newline - p);
            on_line(v, v->carry, v->held);
            v->held = 0;
        } else {
            on_line(v, p, newline - p);
        }
        p = newline + 1;
    }
    if (p < end) hold(v, p, end - p);
}

/* ------------------------------------------------------------------------------------------------- HTTP */

static void on_bytes(struct viewer *v, const char *p, size_t n)
{
    const char *end = p + n;
    count.bytes += n;
    while (p < end) {
        if (v->framing == IDENTITY) {
            on_body(v, p, end - p);
            return;
        } else if (v->framing == CHUNK_SIZE) {
            int digit = *p <= '9' ? *p - '0' : (*p | 32) - 'a' + 10;
            if (*p == '\n') v->framing = CHUNK_DATA;
            else if (digit >= 0 && digit < 16) v->chunk_left = v->chunk_left * 16 + digit;
            p++;
            if (v->framing == CHUNK_DATA && v->chunk_left == 0) return;  /* the last chunk */
        } else if (v->framing == CHUNK_DATA) {
            size_t piece = v->chunk_left < (size_t)(end - p) ? v->chunk_left : (size_t)(end - p);
            on_body(v, p, piece);
            p += piece;
            if ((v->chunk_left -= piece) == 0) v->framing = CHUNK_CRLF;
        } else if (*p++ == '\n') {
            v->framing = CHUNK_SIZE;
        }
    }
}

static void on_head(struct viewer *v, const char *p, size_t n)
{
    hold(v, p, n);
    char *end = memmem(v->carry, v->held, "\r\n\r\n", 4);
    if (!end) return;
    *end = 0;
    if (strncmp(v->carry, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "refused: %.*s\n", (int)strcspn(v->carry, "\r"), v->carry);
        leave(v);
        return;
    }
    v->framing = strcasestr(v->carry, "\r\ntransfer-encoding: chunked") ? CHUNK_SIZE : IDENTITY;
    v->state = STREAMING;
    answered++;
    size_t rest = v->carry + v->held - (end + 4);
    char *body = memcpy(malloc(rest + 1), end + 4, rest);
    v->held = 0;
    on_bytes(v, body, rest);
    free(body);
}

static void on_readable(struct viewer *v)
{
    static char buffer[1 << 18];
    ssize_t n = recv(v->fd, buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        leave(v);
        return;
    }
    count.reads++;
    if (v->state == HEAD) on_head(v, buffer, n);
    else on_bytes(v, buffer, n);
}

/* ------------------------------------------------------------------------------------------ connections */

static void begin(int index)
{
    struct viewer *v = &viewers[index];
    struct sockaddr_in source = {.sin_family = AF_INET};
    struct linger reset = {1, 0};  /* leave by RST: thousands in TIME_WAIT would take the ports of the next round */
    int one = 1;
    v->number = v->at = -1;
    v->last = after;
    if ((v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) < 0) die("socket");
    setsockopt(v->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (ntohl(server.sin_addr.s_addr) >> 24 == 127) {
        source.sin_addr.s_addr = htonl(0x7f000001u + index / PER_SOURCE);
        setsockopt(v->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        if (bind(v->fd, (void *)&source, sizeof source)) die("bind");
    }
    if (connect(v->fd, (void *)&server, sizeof server) && errno != EINPROGRESS) die("connect");
    struct epoll_event ev = {.events = EPOLLOUT, .data.ptr = v};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, v->fd, &ev)) die("epoll_ctl");
}

static void on_connected(struct viewer *v)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error || send(v->fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
        fprintf(stderr, "connect: %s\n", strerror(error ? error : errno));
        leave(v);
        return;
    }
    v->state = HEAD;
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = v};
    epoll_ctl(poller, EPOLL_CTL_MOD, v->fd, &ev);
}

/* --------------------------------------------------------------------------------------------- commands */

static double percentile_ms(uint64_t events, double share)
{
    uint64_t seen = 0, wanted = events * share;
    for (size_t i = 0; i < BUCKETS; i++)
        if ((seen += late[i]) > wanted) return (i + 1) * BUCKET_US / 1000.0;
    return 0;
}

static void report(void)
{
    int streaming = 0, ended = 0, lost = 0;
    int64_t low = INT64_MAX, high = 0;
    for (int i = 0; i < total; i++) {
        streaming += viewers[i].state == STREAMING;
        ended += viewers[i].ended;
        lost += viewers[i].state == GONE && !viewers[i].ended;
        if (viewers[i].last < low) low = viewers[i].last;
        if (viewers[i].last > high) high = viewers[i].last;
    }
    printf("{\"viewers\":%d,\"streaming\":%d,\"ended\":%d,\"lost\":%d,\"events\":%" PRIu64 ",\"bytes\":%" PRIu64
           ",\"reads\":%" PRIu64 ",\"gaps\":%" PRIu64 ",\"duplicates\":%" PRIu64 ",\"snapshots\":%" PRIu64 ",\"resets\":%" PRIu64
           ",\"other\":%" PRIu64 ",\"last_low\":%" PRId64 ",\"last_high\":%" PRId64
           ",\"late_p50_ms\":%.2f,\"late_p99_ms\":%.2f,\"late_max_ms\":%.2f}\n",
           total, streaming, ended, lost, count.events, count.bytes, count.reads, count.gaps, count.duplicates,
           count.snapshots, count.resets, count.other, total ? low : 0, high, percentile_ms(count.events, 0.5),
           percentile_ms(count.events, 0.99), percentile_ms(count.events, 0.9999999));
}

static bool ready_wanted;

static void on_command(void)
{
    char line[64];
    if (!fgets(line, sizeof line, stdin)) exit(0);
    if (starts(line, strlen(line), "ready")) ready_wanted = true;
    if (starts(line, strlen(line), "report")) report();
    if (starts(line, strlen(line), "zero")) {
        memset(&count, 0, sizeof count);
        memset(late, 0, sizeof late);
        puts("{}");
    }
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: viewers HOST PORT PATH COUNT [NAP_US [AFTER]]\n");
        return 2;
    }
    int nap_us = argc > 5 ? atoi(argv[5]) : 500;
    total = atoi(argv[4]);
    after = argc > 6 ? atoll(argv[6]) : 0;
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) die("host must be an IPv4 address");
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%s\r\nAccept: text/event-stream\r\n\r\n", argv[3],
             argv[1], argv[2]);
    if (!(viewers = calloc(total + 1, sizeof *viewers))) die("calloc");
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);  /* or epoll would not see the second of two lines sent at once */
    poller = epoll_create1(0);
    struct epoll_event commands = {.events = EPOLLIN, .data.ptr = NULL}, got[1024];
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &commands);

    for (;;) {
        while (begun < total && begun - answered < IN_FLIGHT) begin(begun++);
        int n = epoll_wait(poller, got, 1024, nap_us || ready_wanted ? 0 : -1);
        for (int i = 0; i < n; i++) {
            struct viewer *v = got[i].data.ptr;
            if (!v) on_command();
            else if (v->state == CONNECTING) on_connected(v);
            else if (v->state != GONE) on_readable(v);
        }
        if (ready_wanted && answered == total) {
            ready_wanted = false;
            report();
        }
        if (n <= 0 && nap_us) usleep(nap_us);
    }
}
