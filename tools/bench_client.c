/*
 * The client that `deno task bench` compares ours with: as little as C can do.
 * Usage: bench_client PATH COMMAND ROUNDS COUNT, prints the microseconds of each round trip.
 * COMMAND 4 is DEVICE_GET_INFO, 9 is REGION_READ of COUNT bytes of region 4.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct header {
	uint16_t msg_id, command;
	uint32_t msg_size, flags, error;
};

static char buffer[2 << 20];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void receive(int fd, char *to, size_t size)
{
	while (size > 0) {
		ssize_t count = recv(fd, to, size, 0);
		if (count <= 0)
			fail("recv");
		to += count;
		size -= count;
	}
}

static void exchange(int fd, uint16_t command, const void *payload, size_t size)
{
	struct header header = { 1, command, sizeof(header) + size, 0, 0 };
	char message[256];

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, size);
	if (send(fd, message, header.msg_size, MSG_NOSIGNAL) != header.msg_size)
		fail("send");
	receive(fd, (char *)&header, sizeof(header));
	if (header.error != 0 || header.msg_size > sizeof(buffer))
		fail("reply");
	receive(fd, buffer, header.msg_size - sizeof(header));
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint32_t info[4] = { 16, 0, 0, 0 };
	uint32_t read_[4] = { 0, 0, 4, 0 };
	const char version[] = "\0\0\1\0{\"capabilities\":{\"max_data_xfer_size\":1048576}}";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (argc != 5)
		return 2;
	int command = atoi(argv[2]), rounds = atoi(argv[3]);
	read_[3] = atoi(argv[4]);
	strncpy(address.sun_path, argv[1], sizeof(address.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("connect");
	exchange(fd, 1, version, sizeof(version));
	for (int i = 0; i < rounds; i++) {
		double start = now();
		if (command == 4)
			exchange(fd, 4, info, sizeof(info));
		else
			exchange(fd, 9, read_, sizeof(read_));
		printf("%.2f\n", now() - start);
	}
	return 0;
}
