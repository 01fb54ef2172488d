/* viewers: N server-sent-event viewers in one thread, that count and verify what they get.
 *
 *   viewers HOST PORT FILE COUNT NAP_US AFTER RETURN
 *
 * FILE has the path of a stream in each line; viewers take them in turn. Each viewer must see each number past AFTER
 * exactly once and in order (stream.h says which numbers). A viewer that was cut comes back with its cursor until it is
 * let in: after the server's `retry:`, as browsers do, if RETURN is 1; at once if it is 2. If it is 0 it is lost.
 * Commands are lines on stdin, each answered by one line on stdout:
 *   ready    answers once every viewer has the response's head (or has failed)       report   the counters as JSON
 *   zero     sets the counters and latencies to 0; what each viewer saw last stays   cut      breaks every connection
 * End of stdin ends the program, so that it cannot outlive the harness.
 *
 * It must cost the server as little as a viewer on another machine would. A reader asleep in epoll_wait makes each of
 * the server's send() calls pay for waking it across cores; so it naps for NAP_US and then looks, without waiting.
 */
#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum state { WAITING, CONNECTING, HEAD, STREAMING, GONE };

struct viewer {
    int fd;
    uint8_t state;
    bool known;                /* has been answered once, by a stream or otherwise */
    const char *path;
    int64_t due;               /* when one that waits comes back */
    struct stream stream;
};

#define IN_FLIGHT 256          /* connections begun and not yet answered: fewer than any listen backlog */
#define PER_SOURCE 8000        /* viewers per 127.0.0.x source address, far from its 28,000 ports */
#define RETRY_MS 1000          /* where the server says nothing; after a refusal, too */

static struct viewer *viewers;
static int total, begun, answered, in_flight, poller, waiting;
static uint64_t returns, refusals;
static int returning;
static struct sockaddr_in server;
static const char *host, *port;

static void gone(struct viewer *v, bool refused)
{
    if (!v->known) answered++;
    v->known = true;
    in_flight -= v->state == CONNECTING || v->state == HEAD;
    close(v->fd);
    if (returning && !v->stream.ended) {
        refusals += refused;
        int ms = refused || !v->stream.retry_ms ? RETRY_MS : returning == 1 ? v->stream.retry_ms : 0;
        v->due = now_ns() + ms * 1000000LL;
        v->state = WAITING;
        waiting++;
    } else {
        v->state = GONE;
    }
}

static void connect_viewer(struct viewer *v)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    struct linger reset = {1, 0};  /* leave by RST: thousands in TIME_WAIT would take the ports of the next round */
    int one = 1;
    begin_stream(&v->stream);
    if ((v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) < 0) die("socket");
    setsockopt(v->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (ntohl(server.sin_addr.s_addr) >> 24 == 127) {
        source.sin_addr.s_addr = htonl(0x7f000001u + (v - viewers) / PER_SOURCE);
        setsockopt(v->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        if (bind(v->fd, (void *)&source, sizeof source)) die("bind");
    }
    v->state = CONNECTING;
    in_flight++;
    if (connect(v->fd, (void *)&server, sizeof server) && errno != EINPROGRESS) {
        if (!returning) die("connect");
        gone(v, true);
        return;
    }
    struct epoll_event ev = {.events = EPOLLOUT, .data.ptr = v};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, v->fd, &ev)) die("epoll_ctl");
}

static void on_connected(struct viewer *v)
{
    static char request[4096];
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%s\r\nAccept: text/event-stream\r\n", v->path,
                     host, port);
    if (*v->stream.cursor)
        n += snprintf(request + n, sizeof request - n, "Last-Event-ID: %s\r\n", v->stream.cursor);
    n += snprintf(request + n, sizeof request - n, "\r\n");
    if (error || send(v->fd, request, n, MSG_NOSIGNAL) < 0) {
        if (!returning) fprintf(stderr, "connect: %s\n", strerror(error ? error : errno));
        gone(v, true);
        return;
    }
    v->state = HEAD;
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = v};
    epoll_ctl(poller, EPOLL_CTL_MOD, v->fd, &ev);
}

static void on_answer(struct viewer *v, enum answer answer)
{
    if (answer == INCOMPLETE) return;
    if (answer != STREAM) {
        gone(v, answer == REFUSED);
        return;
    }
    in_flight--;
    v->state = STREAMING;
    if (v->known) returns++;
    else answered++;
    v->known = true;
}

static void on_readable(struct viewer *v)
{
    static char buffer[1 << 18];
    ssize_t n = recv(v->fd, buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        gone(v, v->state == HEAD);
        return;
    }
    count.reads++;
    if (v->state == HEAD) on_answer(v, on_head(&v->stream, buffer, n));
    else on_bytes(&v->stream, buffer, n);
}

/* Viewers that have not come yet, then those whose time to come back has come. */
static void let_come(void)
{
    static int next;
    while (begun < total && in_flight < IN_FLIGHT) connect_viewer(&viewers[begun++]);
    if (!waiting) return;
    int64_t now = now_ns();
    for (int looked = 0; looked < begun && waiting && in_flight < IN_FLIGHT; looked++, next = (next + 1) % begun) {
        struct viewer *v = &viewers[next];
        if (v->state != WAITING || v->due > now) continue;
        waiting--;
        connect_viewer(v);
    }
}

/* --------------------------------------------------------------------------------------------- commands */

static void report(void)
{
    int streaming = 0, ended = 0, lost = 0;
    int64_t low = INT64_MAX, high = 0;
    for (int i = 0; i < total; i++) {
        struct stream *s = &viewers[i].stream;
        streaming += viewers[i].state == STREAMING;
        ended += s->ended;
        lost += viewers[i].state == GONE && !s->ended;
        if (s->last < low) low = s->last;
        if (s->last > high) high = s->last;
    }
    printf("{\"viewers\":%d,\"streaming\":%d,\"ended\":%d,\"lost\":%d,\"returns\":%" PRIu64 ",\"refusals\":%" PRIu64
           ",\"events\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"reads\":%" PRIu64 ",\"gaps\":%" PRIu64 ",\"duplicates\":%" PRIu64
           ",\"snapshots\":%" PRIu64 ",\"resets\":%" PRIu64 ",\"other\":%" PRIu64 ",\"last_low\":%" PRId64
           ",\"last_high\":%" PRId64 ",\"late_p50_ms\":%.2f,\"late_p99_ms\":%.2f,\"late_max_ms\":%.2f}\n",
           total, streaming, ended, lost, returns, refusals, count.events, count.bytes, count.reads, count.gaps,
           count.duplicates, count.snapshots, count.resets, count.other, total ? low : 0, high,
           percentile_ms(count.events, 0.5), percentile_ms(count.events, 0.99),
           percentile_ms(count.events, 0.9999999));
}

static void cut(void)
{
    for (int i = 0; i < total; i++)
        if (viewers[i].state == CONNECTING || viewers[i].state == HEAD || viewers[i].state == STREAMING)
            gone(&viewers[i], false);
}

static bool ready_wanted;

static void on_command(void)
{
    char line[64];
    if (!fgets(line, sizeof line, stdin)) exit(0);
    if (starts(line, strlen(line), "ready")) ready_wanted = true;
    if (starts(line, strlen(line), "report")) report();
    if (starts(line, strlen(line), "cut")) {
        cut();
        puts("{}");
    }
    if (starts(line, strlen(line), "zero")) {
        memset(&count, 0, sizeof count);
        memset(late, 0, sizeof late);
        returns = refusals = 0;
        puts("{}");
    }
}

/* Give each viewer its path, a line of `name` in turn, and the number it begins after. */
static void make_viewers(const char *name, int64_t after)
{
    char *text = NULL;
    size_t room = 0, begin = 0;
    FILE *file = fopen(name, "r");
    ssize_t n = file ? getdelim(&text, &room, 0, file) : -1;
    if (n <= 0 || !(viewers = calloc(total + 1, sizeof *viewers))) die(name);
    fclose(file);
    for (char *p = text; (p = strchr(p, '\n')); p++) *p = 0;
    for (int i = 0; i < total; i++) {
        viewers[i].path = text + begin;
        viewers[i].stream.last = after;
        if ((begin += strlen(text + begin) + 1) >= (size_t)n) begin = 0;
    }
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fprintf(stderr, "usage: viewers HOST PORT FILE COUNT NAP_US AFTER RETURN\n");
        return 2;
    }
    host = argv[1], port = argv[2];
    total = atoi(argv[4]);
    int nap_us = atoi(argv[5]);
    returning = atoi(argv[7]);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    if (inet_pton(AF_INET, host, &server.sin_addr) != 1) die("host must be an IPv4 address");
    make_viewers(argv[3], atoll(argv[6]));
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);  /* or epoll would not see the second of two lines sent at once */
    poller = epoll_create1(0);
    struct epoll_event commands = {.events = EPOLLIN, .data.ptr = NULL}, got[1024];
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &commands);

    for (;;) {
        let_come();
        int n = epoll_wait(poller, got, 1024, nap_us || ready_wanted || waiting ? 0 : -1);
        bool commanded = false;
        for (int i = 0; i < n; i++) {
            struct viewer *v = got[i].data.ptr;
            if (!v) commanded = true;
            else if (v->state == CONNECTING) on_connected(v);
            else if (v->state == HEAD || v->state == STREAMING) on_readable(v);
        }
        if (commanded) on_command();  /* last: after a cut what epoll told of before is no more */
        if (ready_wanted && answered == total) {
            ready_wanted = false;
            report();
        }
        if (n <= 0 && nap_us) usleep(nap_us);
    }
}
