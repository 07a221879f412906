/*
 * What Debian's libstdc++ and libgcc want of glibc and musl does not have, so that a program for musl
 * can use them. It knows no header of glibc.
 */

typedef unsigned long size_t;
long getrandom(void *, size_t, unsigned);
size_t strftime_l(char *, size_t, const char *, const void *, void *);
int pthread_key_create(unsigned *, void (*)(void *));
int pthread_setspecific(unsigned, const void *);
void *pthread_getspecific(unsigned);
void *malloc(size_t);
void free(void *);

/* Threads may come at any time. */
char __libc_single_threaded = 0;

unsigned arc4random(void) {
  unsigned value = 0;
  getrandom(&value, sizeof value, 0);
  return value;
}

size_t __strftime_l(char *to, size_t size, const char *format, const void *time, void *locale) {
  return strftime_l(to, size, format, time, locale);
}

/* No C++ exception is caught: Bun is built without them. */
int _dl_find_object(void *address, void *result) { return -1; }

/* Asked for by parts of libgcc that nobody calls. */
unsigned __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }

/* Destructors of thread-local objects, last made first. */
struct ending { void (*run)(void *); void *object; struct ending *next; };
static unsigned key;
static void end(void *list) {
  for (struct ending *each = list; each;) {
    struct ending *next = each->next;
    each->run(each->object);
    free(each);
    each = next;
  }
}
__attribute__((constructor)) static void start(void) { pthread_key_create(&key, end); }
int __cxa_thread_atexit_impl(void (*run)(void *), void *object, void *library) {
  struct ending *made = malloc(sizeof *made);
  if (!made) return -1;
  made->run = run;
  made->object = object;
  made->next = pthread_getspecific(key);
  return pthread_setspecific(key, made);
}
