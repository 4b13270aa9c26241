/* Load generator: keep-alive HTTP/1.1 GET requests over raw sockets, one epoll loop, one thread.

   Why not wrk: it drops the requests under way when its time is up, which cuts off most of a template whose
   query takes a second; this one stops sending at the deadline and waits for the answers, so requests, time
   and the server's CPU seconds belong together. It also tells a cut-off body from a whole one.

   Usage: client PORT TARGETS ACCEPT CONNECTIONS SECONDS FIRST_INDEX FIRST_NUMBER MAX_REQUESTS
   TARGETS has one request target a line; "{}" in it becomes FIRST_NUMBER + index / lines, and request `index`
   uses line index % lines. MAX_REQUESTS 0 is no limit. One JSON object goes to standard output. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_SIZE 16384
#define DRAIN_SECONDS 300.0

enum state { IDLE, HEAD, LENGTH, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER, TO_CLOSE };

struct connection {
    int fd;
    enum state state;
    char head[HEAD_SIZE + 1];
    size_t head_length;
    int status, closes;
    uint64_t remaining, line_length;
    double sent, first_byte;
};

struct series { double *values; size_t length, capacity; };

static char **targets, *accept_type, buffer[1 << 18];
static size_t target_count;
static int port, poll_fd, last_bad_status;
static uint64_t next_index, first_number, max_requests, sent_requests;
static uint64_t completed, bad_status, broken, reconnects, body_bytes;
static double deadline;
static struct series latencies, first_bytes;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void fail(const char *what) {
    perror(what);
    exit(2);
}

static void append(struct series *series, double value) {
    if (series->length == series->capacity) {
        series->capacity = series->capacity ? series->capacity * 2 : 65536;
        series->values = realloc(series->values, series->capacity * sizeof *series->values);
        if (!series->values) fail("realloc");
    }
    series->values[series->length++] = value;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(struct series *series, double part) {
    return series->length ? 1e3 * series->values[(size_t)(part * (series->length - 1))] : 0;
}

static void open_connection(struct connection *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
}

/* Send the next request, or leave the connection idle when time or requests are used up. */
static void send_next(struct connection *c, double time) {
    char request[HEAD_SIZE], *line, *mark;
    size_t length, done = 0;
    c->state = IDLE;
    if (time >= deadline || (max_requests && sent_requests >= max_requests)) return;
    line = targets[next_index % target_count];
    mark = strstr(line, "{}");
    if (mark)
        length = snprintf(request, sizeof request, "GET %.*s%llu%s", (int)(mark - line), line,
                          (unsigned long long)(first_number + next_index / target_count), mark + 2);
    else
        length = snprintf(request, sizeof request, "GET %s", line);
    length += snprintf(request + length, sizeof request - length,
                       " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: %s\r\n\r\n", port, accept_type);
    next_index++;
    sent_requests++;
    c->state = HEAD;
    c->head_length = 0;
    c->first_byte = 0;
    c->sent = now();
    while (done < length) {
        ssize_t written = send(c->fd, request + done, length - done, MSG_NOSIGNAL);
        if (written < 0 && errno != EAGAIN && errno != EINTR) return; /* the read finds the connection closed */
        if (written > 0) done += written;
    }
}

static void restart(struct connection *c) {
    close(c->fd);
    reconnects++;
    open_connection(c);
    send_next(c, now());
}

static void finish(struct connection *c) {
    double time = now();
    completed++;
    if (c->status != 200) {
        bad_status++;
        last_bad_status = c->status;
    }
    append(&latencies, time - c->sent);
    append(&first_bytes, c->first_byte - c->sent);
    if (c->closes) restart(c);
    else send_next(c, time);
}

/* Read status and framing from a complete head; returns the state of the body. */
static enum state parse_head(struct connection *c, int *empty) {
    char *line = strstr(c->head, "\r\n");
    enum state state = TO_CLOSE;
    *empty = 0;
    if (sscanf(c->head, "HTTP/1.%*d %d", &c->status) != 1) c->status = 0;
    c->closes = !strncmp(c->head, "HTTP/1.0", 8);
    for (; line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        char *field = line + 2;
        if (!strncasecmp(field, "content-length:", 15)) {
            c->remaining = strtoull(field + 15, NULL, 10);
            *empty = c->remaining == 0;
            state = LENGTH;
        } else if (!strncasecmp(field, "transfer-encoding: chunked", 26)) {
            c->remaining = c->line_length = 0;
            state = CHUNK_SIZE;
        } else if (!strncasecmp(field, "connection: close", 17)) {
            c->closes = 1;
        } else if (!strncasecmp(field, "connection: keep-alive", 22)) {
            c->closes = 0;
        }
    }
    return state;
}

/* Take in bytes that arrived; returns 0 when the response is not valid HTTP. */
static int consume(struct connection *c, const char *data, size_t size) {
    const char *end = data + size;
    while (data < end) {
        size_t left = end - data, take;
        switch (c->state) {
        case IDLE:
            return 0;
        case HEAD: {
            char *stop;
            int empty;
            size_t before = c->head_length, scan = before > 3 ? before - 3 : 0;
            take = left < HEAD_SIZE - before ? left : HEAD_SIZE - before;
            if (!take) return 0;
            memcpy(c->head + before, data, take);
            c->head_length += take;
            c->head[c->head_length] = 0;
            stop = strstr(c->head + scan, "\r\n\r\n");
            if (!stop) {
                data += take;
                break;
            }
            data += stop + 4 - (c->head + before);
            stop[4] = 0;
            c->state = parse_head(c, &empty);
            if (empty) finish(c);
            break;
        }
        case LENGTH:
        case CHUNK_DATA:
            take = left < c->remaining ? left : c->remaining;
            if (!c->first_byte) c->first_byte = now();
            data += take;
            body_bytes += take;
            c->remaining -= take;
            if (!c->remaining) {
                if (c->state == LENGTH) finish(c);
                else c->state = CHUNK_END;
            }
            break;
        case CHUNK_SIZE: {
            char byte = *data++;
            if (byte == '\n') {
                c->line_length = 0;
                c->state = c->remaining ? CHUNK_DATA : TRAILER;
            } else if (c->line_length < 16) {
                int digit = byte >= '0' && byte <= '9' ? byte - '0'
                            : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                            : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
                if (digit >= 0) {
                    c->remaining = c->remaining * 16 + digit;
                    c->line_length++;
                } else {
                    c->line_length = 16; /* an extension, or the CR */
                }
            }
            break;
        }
        case CHUNK_END:
            if (*data++ == '\n') {
                c->remaining = c->line_length = 0;
                c->state = CHUNK_SIZE;
            }
            break;
        case TRAILER: {
            char byte = *data++;
            if (byte == '\n') {
                if (!c->line_length) finish(c);
                else c->line_length = 0;
            } else if (byte != '\r') {
                c->line_length++;
            }
            break;
        }
        case TO_CLOSE:
            if (!c->first_byte) c->first_byte = now();
            body_bytes += left;
            data = end;
            break;
        }
    }
    return 1;
}

static void readable(struct connection *c) {
    ssize_t size = recv(c->fd, buffer, sizeof buffer, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size > 0) {
        if (consume(c, buffer, size)) return;
        broken++;
    } else if (c->state == TO_CLOSE && size == 0) {
        c->closes = 1;
        finish(c);
        return;
    } else if (c->state == IDLE) {
        epoll_ctl(poll_fd, EPOLL_CTL_DEL, c->fd, NULL);
        return;
    } else {
        broken++; /* closed before the answer was whole */
    }
    restart(c);
}

static void read_targets(const char *path) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    if (!file) fail(path);
    while ((length = getline(&line, &capacity, file)) > 0) {
        if (line[length - 1] == '\n') line[--length] = 0;
        if (length > HEAD_SIZE - 512) errno = EMSGSIZE, fail(path);
        targets = realloc(targets, (target_count + 1) * sizeof *targets);
        targets[target_count++] = strdup(line);
    }
    fclose(file);
    free(line);
    if (!target_count) errno = ENODATA, fail(path);
}

int main(int argc, char **argv) {
    struct connection *connections;
    struct epoll_event events[64];
    double start, end, limit;
    int count, busy;
    if (argc != 9) {
        fputs("usage: client PORT TARGETS ACCEPT CONNECTIONS SECONDS FIRST_INDEX FIRST_NUMBER MAX_REQUESTS\n", stderr);
        return 2;
    }
    port = atoi(argv[1]);
    read_targets(argv[2]);
    accept_type = argv[3];
    count = atoi(argv[4]);
    next_index = strtoull(argv[6], NULL, 10);
    first_number = strtoull(argv[7], NULL, 10);
    max_requests = strtoull(argv[8], NULL, 10);
    poll_fd = epoll_create1(0);
    connections = calloc(count, sizeof *connections);
    for (int i = 0; i < count; i++) open_connection(&connections[i]);
    end = start = now();
    deadline = start + atof(argv[5]);
    limit = deadline + DRAIN_SECONDS;
    for (int i = 0; i < count; i++) send_next(&connections[i], start);
    do {
        int ready = epoll_wait(poll_fd, events, 64, 1000);
        for (int i = 0; i < ready; i++) readable(events[i].data.ptr);
        end = now();
        busy = 0;
        for (int i = 0; i < count; i++) busy += connections[i].state != IDLE;
    } while (busy && end < limit);
    broken += busy;
    qsort(latencies.values, latencies.length, sizeof(double), compare);
    qsort(first_bytes.values, first_bytes.length, sizeof(double), compare);
    printf("{\"requests\": %llu, \"seconds\": %.6f, \"bad_status\": %llu, \"last_bad_status\": %d, \"broken\": %llu, "
           "\"reconnects\": %llu, \"body_bytes\": %llu, \"next_index\": %llu, \"p50_ms\": %.4f, \"p99_ms\": %.4f, "
           "\"first_byte_p50_ms\": %.4f}\n",
           (unsigned long long)completed, end - start, (unsigned long long)bad_status, last_bad_status,
           (unsigned long long)broken, (unsigned long long)reconnects, (unsigned long long)body_bytes,
           (unsigned long long)next_index, quantile(&latencies, 0.5), quantile(&latencies, 0.99),
           quantile(&first_bytes, 0.5));
    return 0;
}
