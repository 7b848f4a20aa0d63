/* Whom a program wants to reach: written down, and refused.
 *
 * A library for LD_PRELOAD. NETWORK_TRACE is a file that gets a line for each address that is to be connected or written to,
 * and each name that is looked up, but for sockets within this machine's file system. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *what, const char *whom) {
    const char *path = getenv("NETWORK_TRACE");
    char line[300];
    int length = snprintf(line, sizeof line, "%s %s\n", what, whom);
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (file >= 0) {
        if (write(file, line, (size_t)length) < 0) abort();
        close(file);
    }
}

static int is_away(const struct sockaddr *address, char *text) {
    if (!address || (address->sa_family != AF_INET && address->sa_family != AF_INET6)) return 0;
    const void *number = address->sa_family == AF_INET ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                                                       : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;
    return inet_ntop(address->sa_family, number, text, INET6_ADDRSTRLEN) != NULL;
}

int connect(int socket, const struct sockaddr *address, socklen_t length) {
    char text[INET6_ADDRSTRLEN];
    if (is_away(address, text)) {
        note("connect", text);
        errno = ENETUNREACH;
        return -1;
    }
    return (int)syscall(SYS_connect, socket, address, length);
}

ssize_t sendto(int socket, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t to_length) {
    char text[INET6_ADDRSTRLEN];
    if (is_away(to, text)) {
        note("send", text);
        errno = ENETUNREACH;
        return -1;
    }
    return syscall(SYS_sendto, socket, bytes, length, flags, to, to_length);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *wanted, struct addrinfo **found) {
    (void)service, (void)wanted, (void)found;
    note("look up", name ? name : "");
    return EAI_FAIL;
}
