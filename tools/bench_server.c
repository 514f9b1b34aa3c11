/*
 * The server that `deno task bench` times the suite against: as little as a conforming one needs.
 * Usage: bench_server SOCKET [--exit] [--start-ms N] [--count FILE]
 * It serves one client after another, or exits after the first; N ms pass before it listens; each start adds a
 * byte to the file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { VERSION = 1, DMA_MAP, DMA_UNMAP, GET_INFO, GET_REGION_INFO, GET_IRQ_INFO = 7, SET_IRQS,
	REGION_READ, REGION_WRITE, RESET = 13 };
enum { COMMAND = 0, REPLY = 1, NO_REPLY = 0x10, ERROR = 0x20 };
enum { REGIONS = 9, IRQS = 5, CONFIG = 7, BAR0_SIZE = 4096, CONFIG_SIZE = 256, MAX_TRANSFER = 1 << 20,
	MAX_MAPS = 65535, MAX_FDS = 253 };

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};
struct map {
	uint64_t address, size;
};

static uint8_t payload[MAX_TRANSFER + 4096], reply[MAX_TRANSFER + 4096];
static uint8_t bar0[BAR0_SIZE], config[CONFIG_SIZE];
/* Bits of the configuration space that keep what is written: of the command register and of BAR 0. */
static const uint8_t writable[CONFIG_SIZE] = { [4] = 7, [17] = 0xf0, [18] = 0xff, [19] = 0xff };
static struct map maps[MAX_MAPS];
static size_t map_count;
static int fds[MAX_FDS], fd_count;

static int receive(int client, uint8_t *to, size_t size)
{
	while (size > 0) {
		union {
			struct cmsghdr align;
			char bytes[CMSG_SPACE(sizeof(fds))];
		} control;
		struct iovec io = { to, size };
		struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control,
			.msg_controllen = sizeof(control) };
		ssize_t count = recvmsg(client, &message, MSG_CMSG_CLOEXEC);
		if (count <= 0)
			return -1;
		struct cmsghdr *one = CMSG_FIRSTHDR(&message);
		if (one != NULL && one->cmsg_type == SCM_RIGHTS) {
			int more = (int)((one->cmsg_len - CMSG_LEN(0)) / sizeof(int));
			int *own = (int *)CMSG_DATA(one);
			for (int i = 0; i < more; i++) {
				if (fd_count < MAX_FDS)
					fds[fd_count++] = own[i];
				else
					close(own[i]);
			}
		}
		to += count;
		size -= (size_t)count;
	}
	return 0;
}

static int transmit(int client, const void *from, size_t size)
{
	for (const char *at = from; size > 0;) {
		ssize_t count = send(client, at, size, MSG_NOSIGNAL);
		if (count <= 0)
			return -1;
		at += count;
		size -= (size_t)count;
	}
	return 0;
}

static uint32_t word(size_t offset)
{
	uint32_t value;
	memcpy(&value, payload + offset, sizeof(value));
	return value;
}

static uint64_t wide(size_t offset)
{
	uint64_t value;
	memcpy(&value, payload + offset, sizeof(value));
	return value;
}

static void put(size_t offset, uint64_t value, size_t size)
{
	memcpy(reply + offset, &value, size);
}

static int overlaps(const struct map *map, uint64_t address, uint64_t size)
{
	return map->address < address + size && address < map->address + map->size;
}

static int dma_map(size_t size)
{
	if (size != 32 || word(0) < 32 || word(4) & ~3u)
		return -EINVAL;
	uint64_t address = wide(16), length = wide(24), offset = wide(8);
	struct stat file;
	if (length == 0 || (address | length | offset) % 4096 || address + length < address || fd_count > 1)
		return -EINVAL;
	if (fd_count == 1 && (fstat(fds[0], &file) || !S_ISREG(file.st_mode) ||
			offset + length < offset || (uint64_t)file.st_size < offset + length))
		return -EINVAL;
	for (size_t i = 0; i < map_count; i++)
		if (overlaps(&maps[i], address, length))
			return -EEXIST;
	if (map_count == MAX_MAPS)
		return -ENOSPC;
	maps[map_count++] = (struct map){ address, length };
	return 0;
}

static int dma_unmap(size_t size)
{
	if (size != 24 || word(0) < 24)
		return -EINVAL;
	uint64_t address = wide(8), length = wide(16);
	uint32_t all = word(4);
	memcpy(reply, payload, 24);
	if (all == 2 && address == 0 && length == 0) {
		map_count = 0;
		return 24;
	}
	if (all != 0)
		return -EINVAL;
	for (size_t i = 0; i < map_count; i++) {
		if (maps[i].address == address && maps[i].size == length) {
			maps[i] = maps[--map_count];
			return 24;
		}
	}
	return -ENOENT;
}

static int region_info(size_t size)
{
	if (size != 32 || word(0) < 32 || word(8) >= REGIONS)
		return -EINVAL;
	uint32_t index = word(8);
	memset(reply, 0, 32);
	put(0, 32, 4);
	put(4, index == 0 || index == CONFIG ? 3 : 0, 4);
	put(8, index, 4);
	put(16, index == 0 ? BAR0_SIZE : index == CONFIG ? CONFIG_SIZE : 0, 8);
	return 32;
}

static int region_access(int write, size_t size)
{
	if (size < 16)
		return -EINVAL;
	uint64_t offset = wide(0);
	uint32_t region = word(8), count = word(12);
	uint64_t room = region == 0 ? BAR0_SIZE : region == CONFIG ? CONFIG_SIZE : 0;
	if (count > MAX_TRANSFER || size != 16 + (write ? (size_t)count : 0) || offset > room ||
	    count > room - offset)
		return -EINVAL;
	uint8_t *memory = (region == 0 ? bar0 : config) + offset;
	memcpy(reply, payload, 16);
	if (!write)
		memcpy(reply + 16, memory, count);
	for (uint32_t i = 0; write && i < count; i++) {
		uint8_t mask = region == 0 ? 0xff : writable[offset + i];
		memory[i] = (uint8_t)((memory[i] & ~mask) | (payload[16 + i] & mask));
	}
	return write ? 16 : 16 + (int)count;
}

/* The size of the reply's payload, or a negative errno. */
static int answer(uint16_t command, size_t size)
{
	switch (command) {
	case GET_INFO:
		if (size != 16 || word(0) < 16)
			return -EINVAL;
		put(0, 16, 4), put(4, 3, 4), put(8, REGIONS, 4), put(12, IRQS, 4);
		return 16;
	case GET_REGION_INFO:
		return region_info(size);
	case GET_IRQ_INFO:
		if (size != 16 || word(0) < 16 || word(8) >= IRQS)
			return -EINVAL;
		put(0, 16, 4), put(4, 0, 4), put(8, word(8), 4), put(12, 0, 4);
		return 16;
	case SET_IRQS:
		return -EINVAL; /* there are no interrupts */
	case REGION_READ:
	case REGION_WRITE:
		return region_access(command == REGION_WRITE, size);
	case DMA_MAP:
		return dma_map(size);
	case DMA_UNMAP:
		return dma_unmap(size);
	case RESET:
		memset(bar0, 0, sizeof(bar0));
		return size == 0 ? 0 : -EINVAL;
	default:
		return -ENOTSUP;
	}
}

static int hello(size_t size)
{
	static const char text[] =
		"{\"capabilities\":{\"max_msg_fds\":253,\"max_data_xfer_size\":1048576}}";
	uint16_t major, minor;
	if (size < 4 || (size > 4 && payload[size - 1] != 0))
		return -EINVAL;
	memcpy(&major, payload, 2);
	memcpy(&minor, payload + 2, 2);
	if (major != 0 || (size > 5 && payload[4] != '{'))
		return -EINVAL;
	put(0, 0, 2), put(2, minor > 1 ? 1 : minor, 2);
	memcpy(reply + 4, text, sizeof(text));
	return 4 + (int)sizeof(text);
}

/* Serves until the client leaves, or loses the thread. */
static void serve(int client)
{
	struct header header;
	int greeted = 0;
	map_count = 0;
	while (receive(client, (uint8_t *)&header, sizeof(header)) == 0) {
		size_t size = header.size - sizeof(header);
		if (header.size < sizeof(header) || size > sizeof(payload) || (header.flags & 0xf) != COMMAND ||
		    receive(client, payload, size) != 0)
			break;
		int result = !greeted ? (header.command == VERSION ? hello(size) : -EINVAL)
			: header.command == VERSION ? -EINVAL : answer(header.command, size);
		for (; fd_count > 0; fd_count--)
			close(fds[fd_count - 1]);
		int failed = result < 0 && !greeted;
		greeted |= result >= 0;
		if (header.flags & NO_REPLY && header.command != VERSION)
			continue;
		size_t filled = result < 0 ? 0 : (size_t)result;
		header.size = (uint32_t)(sizeof(header) + filled);
		header.flags = REPLY | (result < 0 ? ERROR : 0);
		header.error = result < 0 ? (uint32_t)-result : 0;
		if (transmit(client, &header, sizeof(header)) || transmit(client, reply, filled) || failed)
			break;
	}
	for (; fd_count > 0; fd_count--)
		close(fds[fd_count - 1]);
	close(client);
}

static void count_start(const char *path)
{
	int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (file < 0 || write(file, ".", 1) != 1)
		exit(1);
	close(file);
}

int main(int argc, char **argv)
{
	int stays = 1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--exit") == 0)
			stays = 0;
		else if (strcmp(argv[i], "--start-ms") == 0 && i + 1 < argc)
			usleep((useconds_t)(atoi(argv[++i]) * 1000));
		else if (strcmp(argv[i], "--count") == 0 && i + 1 < argc)
			count_start(argv[++i]);
	}
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argc > 1 ? argv[1] : "");
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 8)) {
		perror("bench_server");
		return 1;
	}
	config[0] = 0x36, config[1] = 0x1b, config[2] = 1, config[10] = 0x80, config[11] = 8;
	do {
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			return 1;
		serve(client);
	} while (stays);
	return 0;
}
