/* What a writer in C takes that does what the original does: W, size and bytes, S, R; no claim.
 * baseline CAPACITY SIZE COUNT: prints nanoseconds per message, the fastest of seven rounds. */

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

struct state {
  _Alignas(64) _Atomic uint64_t read;
  _Alignas(64) _Atomic uint64_t write;
  _Alignas(64) _Atomic uint64_t sequence;
};

enum { POOL = 256 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct writer {
  struct state *state;
  char *bytes;
  uint64_t capacity, index;
};

/* Out of line, as a function of a library is; S is incremented, by an instruction with a lock. */
__attribute__((noinline)) static int put(struct writer *w, const char *message, uint32_t length) {
  if (length < 1 || length > 65535) return 0;
  uint64_t begin = w->capacity - w->index < 4 ? 0 : w->index;
  uint64_t end = begin + 4 + length;
  uint64_t next = end > w->capacity ? end - w->capacity : end;
  atomic_store_explicit(&w->state->write, next, memory_order_release);
  memcpy(w->bytes + begin, &length, 4);
  if (end <= w->capacity) memcpy(w->bytes + begin + 4, message, length);
  else {
    memcpy(w->bytes + begin + 4, message, w->capacity - begin - 4);
    memcpy(w->bytes, message + (w->capacity - begin - 4), next);
  }
  atomic_fetch_add_explicit(&w->state->sequence, 4 + length, memory_order_release);
  atomic_store_explicit(&w->state->read, next, memory_order_release);
  w->index = next;
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  uint64_t capacity = strtoull(argv[1], 0, 10), size = strtoull(argv[2], 0, 10);
  uint64_t count = strtoull(argv[3], 0, 10);
  int how = MAP_SHARED | MAP_ANONYMOUS;
  struct state *state = mmap(0, sizeof *state, PROT_READ | PROT_WRITE, how, -1, 0);
  char *bytes = mmap(0, capacity, PROT_READ | PROT_WRITE, how, -1, 0);
  char *messages = malloc(POOL * size * 2);
  uint32_t lengths[POOL];
  if (state == MAP_FAILED || bytes == MAP_FAILED || !messages) return 1;
  memset(bytes, 1, capacity);
  uint64_t spread = size / 8 > 1 ? size / 8 : 1;
  for (int i = 0; i < POOL; i++) {
    lengths[i] = (uint32_t)(size - spread + ((uint64_t)i * 97 % POOL) * 2 * spread / POOL);
    memset(messages + (uint64_t)i * size * 2, i, size * 2);
  }
  struct writer writer = {state, bytes, capacity, 0};
  double best = 1e18;
  for (int round = 0; round < 7; round++) {
    double start = now();
    for (uint64_t n = 0; n < count; n++) {
      if (!put(&writer, messages + (n % POOL) * size * 2, lengths[n % POOL])) return 1;
    }
    double took = (now() - start) / (double)count;
    if (took < best) best = took;
  }
  printf("%.3f\n", best);
  return 0;
}
