/* One viewer's stream: heads, HTTP framing and server-sent events, put together from whatever pieces arrive.
 *
 * Every published event carries "bench":<number> (1, 2, 3 ...) and "bench_at":<publisher's CLOCK_MONOTONIC, ns> in its
 * data. A viewer must see each number exactly once and in order; whatever else arrives is counted, not hidden.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum framing { IDENTITY, CHUNK_SIZE, CHUNK_DATA, CHUNK_CRLF };
enum kind { EVENT, SNAPSHOT, RESET, END };
enum answer { INCOMPLETE, STREAM, NOTHING_MORE, REFUSED };

#define CURSOR_MAX 40

struct stream {
    uint8_t framing, kind;
    bool in_frame, ended;
    uint64_t chunk_left;       /* bytes of the current HTTP chunk still to come */
    char *carry;               /* the head or a line that has not arrived whole */
    size_t held, room;
    int64_t number, at, last;  /* of the frame being read; last = the number seen before it */
    int retry_ms;
    char id[CURSOR_MAX], cursor[CURSOR_MAX];  /* of the frame being read; of the last whole one */
};

static struct {
    uint64_t events, bytes, reads, gaps, duplicates, snapshots, resets, other;
} count;

#define BUCKET_US 20
#define BUCKETS 500000         /* 10 s; later ones fall into the last */
static uint32_t late[BUCKETS];

static void die(const char *what) { perror(what); exit(1); }

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double percentile_ms(uint64_t events, double share)
{
    uint64_t seen = 0, wanted = events * share;
    for (size_t i = 0; i < BUCKETS; i++)
        if ((seen += late[i]) > wanted) return (i + 1) * BUCKET_US / 1000.0;
    return 0;
}

static void hold(struct stream *s, const char *p, size_t n)
{
    if (s->held + n > s->room) {
        s->room = (s->held + n) * 2;
        if (!(s->carry = realloc(s->carry, s->room))) die("realloc");
    }
    memcpy(s->carry + s->held, p, n);
    s->held += n;
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

static void on_event(struct stream *s)
{
    count.events++;
    if (s->number <= s->last) count.duplicates++;
    else if (s->number > s->last + 1) count.gaps += s->number - s->last - 1;
    if (s->number > s->last) s->last = s->number;
    int64_t us = s->at >= 0 ? (now_ns() - s->at) / 1000 : 0;
    size_t bucket = us < 0 ? 0 : us / BUCKET_US;
    late[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

static void new_frame(struct stream *s)
{
    s->kind = EVENT;
    s->number = s->at = -1;
    s->in_frame = false;
    s->id[0] = 0;
}

static void on_frame(struct stream *s)
{
    if (s->id[0]) memcpy(s->cursor, s->id, CURSOR_MAX);
    if (s->kind == SNAPSHOT) {
        count.snapshots++;
        s->last = s->number >= 0 ? s->number : s->last;
    } else if (s->kind == RESET) {
        count.resets++;
    } else if (s->kind == END) {
        s->ended = true;
    } else if (s->number >= 0) {
        on_event(s);
    } else {
        count.other++;
    }
    new_frame(s);
}

static void on_line(struct stream *s, const char *line, size_t n)
{
    if (n && line[n - 1] == '\r') n--;
    if (n == 0) {
        if (s->in_frame) on_frame(s);
        return;
    }
    if (line[0] == ':') return;
    s->in_frame = true;
    if (starts(line, n, "event: snapshot")) s->kind = SNAPSHOT;
    else if (starts(line, n, "event: reset")) s->kind = RESET;
    else if (starts(line, n, "event: end")) s->kind = END;
    else if (starts(line, n, "id: ")) snprintf(s->id, CURSOR_MAX, "%.*s", (int)n - 4, line + 4);
    else if (starts(line, n, "retry: ")) s->retry_ms = field(line, n, "retry:", false, 0);
    else if (starts(line, n, "data:")) {
        s->number = field(line, n, "\"bench\":", s->kind == SNAPSHOT, s->number);
        s->at = field(line, n, "\"bench_at\":", false, s->at);
    }
}

static void on_body(struct stream *s, const char *p, size_t n)
{
    const char *end = p + n, *newline;
    while (p < end && (newline = memchr(p, '\n', end - p))) {
        if (s->held) {
            hold(s, p, newline - p);
            on_line(s, s->carry, s->held);
            s->held = 0;
        } else {
            on_line(s, p, newline - p);
        }
        p = newline + 1;
    }
    if (p < end) hold(s, p, end - p);
}

/* ------------------------------------------------------------------------------------------------- HTTP */

static void on_bytes(struct stream *s, const char *p, size_t n)
{
    const char *end = p + n;
    count.bytes += n;
    while (p < end) {
        if (s->framing == IDENTITY) {
            on_body(s, p, end - p);
            return;
        } else if (s->framing == CHUNK_SIZE) {
            int digit = *p <= '9' ? *p - '0' : (*p | 32) - 'a' + 10;
            if (*p == '\n') s->framing = CHUNK_DATA;
            else if (digit >= 0 && digit < 16) s->chunk_left = s->chunk_left * 16 + digit;
            p++;
            if (s->framing == CHUNK_DATA && s->chunk_left == 0) return;  /* the last chunk */
        } else if (s->framing == CHUNK_DATA) {
            size_t piece = s->chunk_left < (size_t)(end - p) ? s->chunk_left : (size_t)(end - p);
            on_body(s, p, piece);
            p += piece;
            if ((s->chunk_left -= piece) == 0) s->framing = CHUNK_CRLF;
        } else if (*p++ == '\n') {
            s->framing = CHUNK_SIZE;
        }
    }
}

static enum answer on_head(struct stream *s, const char *p, size_t n)
{
    hold(s, p, n);
    char *end = memmem(s->carry, s->held, "\r\n\r\n", 4);
    if (!end) return INCOMPLETE;
    *end = 0;
    if (starts(s->carry, s->held, "HTTP/1.1 204")) {
        s->ended = true;
        return NOTHING_MORE;
    }
    if (!starts(s->carry, s->held, "HTTP/1.1 200")) {
        fprintf(stderr, "refused: %.*s\n", (int)strcspn(s->carry, "\r"), s->carry);
        return REFUSED;
    }
    s->framing = strcasestr(s->carry, "\r\ntransfer-encoding: chunked") ? CHUNK_SIZE : IDENTITY;
    size_t rest = s->carry + s->held - (end + 4);
    char *body = memcpy(malloc(rest + 1), end + 4, rest);
    s->held = 0;
    on_bytes(s, body, rest);
    free(body);
    return STREAM;
}

/* A new connection: what was seen last and the cursor stay, what had not arrived whole is forgotten. */
static void begin_stream(struct stream *s)
{
    s->held = s->chunk_left = 0;
    new_frame(s);
}
