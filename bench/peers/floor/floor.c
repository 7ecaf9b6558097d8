/*
 * floor: the least that a server of Server-Sent Events can do on this machine. One
 * thread, one epoll, one send() for each client and event, and nothing else: no
 * limits, no queues, no time-outs, no check of what comes. It is what the other
 * servers' cost is compared with, and no server to use.
 *
 *   cc -O2 -o floor floor.c && ./floor 8080
 *
 * GET …sessionId=u<number>… opens a stream; a POST whose body is
 * {"sessionId":"u<number>","data":"…"} or {"data":"…"} is an event for one or for
 * all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX = 1 << 20, ROOM = 128 << 10 };

static int streams[MAX], count;  /* the descriptors of all streams */
static int place[MAX];           /* of a descriptor in streams, plus one */
static int by_session[MAX];      /* the descriptor of u<number>, or 0 */
static int session_of[MAX];
static char in[ROOM], out[ROOM];

static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    "event: connection\ndata: {\"status\":\"connected\"}\n\n";
static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"success\":true}";

static void leave(int fd) {
    if (place[fd]) {
        int last = streams[--count];
        streams[place[fd] - 1] = last;
        place[last] = place[fd];
        place[fd] = 0;
        if (session_of[fd] >= 0 && by_session[session_of[fd]] == fd) by_session[session_of[fd]] = 0;
    }
    close(fd);
}

static int number_behind(const char *text, const char *what) {
    const char *at = strstr(text, what);
    return at ? atoi(at + strlen(what)) : -1;
}

static void publish(const char *body) {
    const char *data = strstr(body, "\"data\":\"");
    if (!data) return;
    data += 8;
    const char *end = strchr(data, '"');
    if (!end) return;
    int n = snprintf(out, sizeof out, "data: %.*s\n\n", (int)(end - data), data);
    int session = number_behind(body, "\"sessionId\":\"u");
    if (session >= 0 && session < MAX) {
        if (by_session[session]) send(by_session[session], out, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        return;
    }
    for (int i = 0; i < count; i++) send(streams[i], out, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The callers send a request at once, so that one recv() has it whole. */
static void serve(int fd) {
    int n = recv(fd, in, sizeof in - 1, MSG_DONTWAIT);
    if (n <= 0) {
        leave(fd);
        return;
    }
    in[n] = 0;
    if (in[0] == 'P') {
        char *body = strstr(in, "\r\n\r\n");
        if (body) publish(body + 4);
        send(fd, answer, sizeof answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else if (!place[fd]) {
        streams[count++] = fd;
        place[fd] = count;
        session_of[fd] = number_behind(in, "sessionId=u");
        if (session_of[fd] >= 0 && session_of[fd] < MAX) by_session[session_of[fd]] = fd;
        send(fd, head, sizeof head - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) || listen(listener, 4096)) {
        perror("floor");
        return 1;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(poll, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            if (ready[i].data.fd != listener) {
                serve(ready[i].data.fd);
                continue;
            }
            int fd;
            while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event.events = EPOLLIN | EPOLLRDHUP;
                event.data.fd = fd;
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
            }
        }
    }
}
