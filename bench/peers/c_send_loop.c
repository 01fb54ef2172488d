/* The least a server can do on Linux: one send() per viewer and event. The limit others are measured against.
 *
 *   c_send_loop PORT
 *
 * GET  anything   becomes a viewer; the response stays open
 * POST anything   the body becomes the data of one event; it is framed once and sent to every viewer
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (1 << 20)

struct connection {
    int fd, place;        /* place in `viewers`, or -1 */
    char *request;        /* what has arrived of a request; freed once the connection is a viewer */
    size_t held;
};

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
                           "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n:ok\n\n\r\n";
static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

static struct connection **viewers;
static int count, room, poller;

static void die(const char *what) { perror(what); exit(1); }

static void drop(struct connection *c)
{
    if (c->place >= 0) {
        viewers[c->place] = viewers[--count];
        viewers[c->place]->place = c->place;
    }
    close(c->fd);
    free(c->request);
    free(c);
}

static void become_viewer(struct connection *c)
{
    if (count == room && !(viewers = realloc(viewers, (room = room * 2 + 64) * sizeof *viewers))) die("realloc");
    free(c->request);
    c->request = NULL;
    c->place = count;
    viewers[count++] = c;
    if (send(c->fd, head, sizeof head - 1, MSG_NOSIGNAL) < 0) drop(c);
}

static void publish(const char *data, size_t n)
{
    static char frame[REQUEST_MAX + 128], text[REQUEST_MAX + 96];
    static unsigned long seq;
    int size = snprintf(text, sizeof text, "id: %lu\ndata: %.*s\n\n", ++seq, (int)n, data);
    int length = snprintf(frame, sizeof frame, "%x\r\n%s\r\n", size, text);
    for (int i = 0; i < count; i++)
        if (send(viewers[i]->fd, frame, length, MSG_NOSIGNAL | MSG_DONTWAIT) != length)
            shutdown(viewers[i]->fd, SHUT_RDWR);  /* epoll tells of it, and it is dropped in its own turn */
}

static void on_request(struct connection *c)
{
    char *end = memmem(c->request, c->held, "\r\n\r\n", 4);
    if (!end) return;
    if (c->request[0] == 'G') {
        become_viewer(c);
        return;
    }
    *end = 0;
    char *length = strcasestr(c->request, "\r\ncontent-length:");
    size_t size = length ? strtoul(length + 17, NULL, 10) : 0, before = end + 4 - c->request;
    *end = '\r';
    if (c->held < before + size) return;
    publish(c->request + before, size);
    c->held = 0;
    if (send(c->fd, accepted, sizeof accepted - 1, MSG_NOSIGNAL) < 0) drop(c);
}

static void on_readable(struct connection *c)
{
    if (c->place >= 0 || c->held == REQUEST_MAX) {  /* a viewer says nothing more: it left */
        drop(c);
        return;
    }
    if (!c->request && !(c->request = malloc(REQUEST_MAX + 1))) die("malloc");
    ssize_t n = recv(c->fd, c->request + c->held, REQUEST_MAX - c->held, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        drop(c);
        return;
    }
    c->held += n;
    c->request[c->held] = 0;
    on_request(c);
}

static void on_connection(int listener)
{
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *c = calloc(1, sizeof *c);
    c->fd = fd;
    c->place = -1;
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev);
}

int main(int argc, char **argv)
{
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) die("listen");
    poller = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL}, got[512];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &ev);
    for (;;) {
        int n = epoll_wait(poller, got, 512, -1);
        for (int i = 0; i < n; i++) {
            if (got[i].data.ptr) on_readable(got[i].data.ptr);
            else on_connection(listener);
        }
    }
}
