/*
 * The protocol of the log, one load or store at a time: a writer that wraps, restarts rows, takes
 * back those that it overtakes, publishes batches, is killed at any step and resumed; and a reader
 * that starts at any moment and takes what it finds.
 *
 * The statements follow src/log/writer.ts, room.ts, chunk_rows.ts, resume.ts, reader.ts and
 * position.ts; a "word" is 4 bytes of the segment. `deno task model` checks it in several shapes, on
 * two kinds of memory, and checks that each mutant (model.ts has their list; here they are the names
 * after #ifdef) violates a property.
 *
 *   TSO (x86-64)       stores wait in a queue and are seen in order; Atomics.store empties the queue
 *   WEAK (as arm64)    stores are seen in any order, except that Atomics.store (a release) comes
 *                      after all before it, and nothing passes a fence; loads between two fences
 *                      are made in any order, unless the address of one comes from another
 *
 * Properties, by the names that violated assertions show:
 *
 *   entry_is_as_written      number, length and every byte of an entry that is handed out
 *   numbers_grow             strictly, so that no entry comes twice
 *   batch_is_whole           a reader sees no data within a batch
 *   sound_log_is_not_damaged a reader never reports damage, nor skips entries that are there
 *   reader_comes_to_rest     with a stopped writer it reaches "no data" in a bounded number of steps
 *   read_plus_lost_is_all    ... having read, or counted as lost, all that was written
 *   resume_goes_on           a resumed writer has the number that the killed one had
 *
 * With RESTARTS it is a log of version 2 that is restarted in place, under another id, and with FINISHES
 * one that may be finished:
 *
 *   end_is_the_end           a reader comes to the end of a log if, and only if, its writer has finished
 *                            it, having read or lost all entries
 *
 * A reader belongs to the life whose id it has found: all of the above is checked for that one.
 *
 * Left out: creation (the magic comes last), tokens of 2^32 and more (their two halves), logs of the
 * reference's writer (rows that are committed late, or not true), of which the reader's survey makes
 * sense: here it believes what is committed. After an overrun it is any row that could be chosen. Where a
 * reader skips a chunk that seems to be damaged, it is that of a table that held still: such a reader may
 * skip in a sound log, too (to a chunk that was moved, or where it was overtaken), but never what is there.
 */

/* ---------------------------------------------------------------------------- the shape of the log */

#ifndef ROWS
#define ROWS 2      /* chunks */
#endif
#ifndef WORDS
#define WORDS 5     /* words for entries */
#endif
#ifndef TARGET
#define TARGET 2    /* words of a chunk */
#endif
#ifndef ENTRIES
#define ENTRIES 4   /* how many are written */
#endif
#ifndef LONGEST
#define LONGEST 3   /* words of an entry with its header */
#endif
#ifndef MOST
#define MOST 2      /* entries that a reader takes at once: 1 or 2 */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef ABORTS
#define ABORTS 0    /* claims that are aborted */
#endif
#ifndef BATCHES
#define BATCHES 1   /* batches of two */
#endif
#ifndef RESTARTS
#define RESTARTS 0  /* how often the log is restarted in place */
#endif
#ifndef FINISHES
#define FINISHES 0  /* whether it may be finished */
#endif
#ifdef RESUME_IGNORES_MARK
#define HEEDS_MARK 0
#else
#define HEEDS_MARK 1
#endif
#ifdef WEAK
#define IS_WEAK 1
#else
#define IS_WEAK 0
#endif

/* The segment: entries, then per row the offset's two words, and the token. */
#define OFFSET(row) (WORDS + 3 * (row))
#define FLAG(row)   (WORDS + 3 * (row) + 1)
#define TOKEN(row)  (WORDS + 3 * (row) + 2)
#define PLACES      (WORDS + 3 * ROWS)
/* Behind them, for the order of addresses plays no part: the id of the log. */
#define ID          PLACES
#if RESTARTS > 0
#define LIVES       (RESTARTS + CRASHES + 1)
#else
#define LIVES       1
#endif

/* Offsets are stored as 1 + word, so that 0 is none. Flags: 0, committed, or the mark of a restart. */
#define COMMITTED 1
#define RESTART   2
#define RENEWAL   3

/* What a word of entries can hold: nothing, a committed header, or a piece of a payload. */
#define NOTHING      0
#define WRAP         16
#define HEADER(size) (16 + (size))
#define FINISH       31
#define PAYLOAD(life, number) (32 + 16 * (life) + (number))
#define NOWHERE      99

byte memory[PLACES + 1];

/* ------------------------------------------------------------------ stores that nobody has seen yet */

#ifndef QUEUE
#define QUEUE 4
#endif
byte queue_place[QUEUE], queue_value[QUEUE], queue_flag[QUEUE];
bit queue_release[QUEUE];
byte queued;

/* A row's offset and flag are one store of 64 bits. */
inline apply(the_place, the_value, the_flag) {
  memory[the_place] = the_value;
  if
  :: the_place >= WORDS && the_place < ID && (the_place - WORDS) % 3 == 0 -> memory[the_place + 1] = the_flag
  :: else
  fi
}

inline enqueue(the_place, the_value, the_flag, the_release) {
  d_step {
    queued < QUEUE ->
    queue_place[queued] = the_place;
    queue_value[queued] = the_value;
    queue_flag[queued] = the_flag;
    queue_release[queued] = the_release;
    queued++
  }
}

/* Before any store the writer may be killed. */
#define OR_KILLED :: crashes > 0 -> goto killed

/* A plain store. */
inline store(the_place, the_value) {
  if
  :: enqueue(the_place, the_value, 0, 0)
  OR_KILLED
  fi
}

/* Atomics.store; of a row's offset with its flag. */
inline atomic_store(the_place, the_value, the_flag) {
  if
#ifdef WEAK
  :: enqueue(the_place, the_value, the_flag, 1)
#else
  :: d_step { queued == 0 -> apply(the_place, the_value, the_flag) }
#endif
  OR_KILLED
  fi
}

inline fence() { queued == 0 }

inline clear_queue_entry() {
  queue_place[queued] = 0; queue_value[queued] = 0; queue_flag[queued] = 0; queue_release[queued] = 0
}

/* Makes visible the store at `index` of the queue. */
inline flush(the_index) {
  apply(queue_place[the_index], queue_value[the_index], queue_flag[the_index]);
  shift = the_index;
  do
  :: shift + 1 < queued ->
    queue_place[shift] = queue_place[shift + 1];
    queue_value[shift] = queue_value[shift + 1];
    queue_flag[shift] = queue_flag[shift + 1];
    queue_release[shift] = queue_release[shift + 1];
    shift++
  :: else -> break
  od;
  queued--;
  clear_queue_entry();
  shift = 0
}

active proctype Memory() {
  byte shift;
end:
  do
  :: d_step { queued > 0 -> flush(0) }
#ifdef WEAK
  /* Not a release, which comes after all before it, nor past a store to the same place. */
  :: d_step {
      queued > 1 && !queue_release[1] && queue_place[1] != queue_place[0] -> flush(1)
    }
  :: d_step {
      queued > 2 && !queue_release[2] && queue_place[2] != queue_place[0] &&
      queue_place[2] != queue_place[1] -> flush(2)
    }
  :: d_step {
      queued > 3 && !queue_release[3] && queue_place[3] != queue_place[0] &&
      queue_place[3] != queue_place[1] && queue_place[3] != queue_place[2] -> flush(3)
    }
#endif
  od
}

/* --------------------------------------------------------------------------------- what is known */

#define OF(life, number) ((ENTRIES + 3) * (life) + (number))

byte total[LIVES];                         /* entries published, by stores that are made if not seen */
byte length_of[LIVES * (ENTRIES + 3)];     /* words of each entry */
bit begins_batch[LIVES * (ENTRIES + 3)];   /* the first of a batch */
#if RESTARTS > 0
byte newest_id;                            /* the last id that was chosen */
#define LIFE id
#define READERS_LIFE my_id
#define IS_MY_LIFE (memory[ID] == my_id)
#else
#define LIFE 0
#define READERS_LIFE 0
#define IS_MY_LIFE 1
#endif
#if FINISHES
bit is_marked[LIVES];                      /* finished */
bit end_is_the_end = 1;
#endif
bit is_finished, is_dead;

bit entry_is_as_written = 1, numbers_grow = 1, batch_is_whole = 1, sound_log_is_not_damaged = 1;
bit reader_comes_to_rest = 1, read_plus_lost_is_all = 1, resume_goes_on = 1;

#define CHECK(property, condition) property = (condition); assert(property)
#define IS_QUIET ((is_finished || is_dead) && queued == 0)

/* ------------------------------------------------------------------------------------- the writer */

inline clear_row(the_row) {
  atomic_store(OFFSET(the_row), 0, 0);
  atomic_store(TOKEN(the_row), 0, 0);
  row_offset[the_row] = 0;
  row_committed[the_row] = 0
}

inline find_stale() {
  do
  :: stale < ROWS && !row_committed[stale] -> stale++
  :: else -> break
  od;
  if
  :: stale < ROWS -> next_stale = row_offset[stale]
  :: else -> next_stale = WORDS + 2
  fi
}

/* Takes back every row of the lap before that starts below `to`, and those up to row `through`. */
inline invalidate(the_to, the_through) {
#ifndef NO_INVALIDATION
  d_step { find_stale() }
  do
  :: next_stale < the_to || stale <= the_through ->
    clear_row(stale);
    d_step { stale++; find_stale() }
#ifdef ONE_INVALIDATION
    break
#endif
  :: else -> break
  od;
#endif
#ifndef NO_FENCE_AFTER_INVALIDATION
  fence()
#else
  skip
#endif
}

#ifdef NO_RESTART_MARK
#define BEGIN_RESTART(row, offset) atomic_store(OFFSET(row), 0, 0)
#else
#define BEGIN_RESTART(row, offset) \
  if \
  :: (row) == 0 -> atomic_store(OFFSET(0), written, RESTART) \
  :: else -> atomic_store(OFFSET(row), 0, 0) \
  fi
#endif

inline restart_row(the_row, the_offset) {
#ifdef TOKEN_BEFORE_FLAG
  atomic_store(TOKEN(the_row), written, 0);
  BEGIN_RESTART(the_row, the_offset);
  atomic_store(the_offset, NOTHING, 0);
  atomic_store(OFFSET(the_row), 1 + the_offset, COMMITTED);
#elif defined(OLD_FIRST_HEADER)
  BEGIN_RESTART(the_row, the_offset);
  atomic_store(TOKEN(the_row), written, 0);
  atomic_store(OFFSET(the_row), 1 + the_offset, COMMITTED);
#elif defined(TOKEN_AFTER_COMMIT)
  BEGIN_RESTART(the_row, the_offset);
  atomic_store(the_offset, NOTHING, 0);
  atomic_store(OFFSET(the_row), 1 + the_offset, COMMITTED);
  atomic_store(TOKEN(the_row), written, 0);
#elif defined(FLAG_NOT_TAKEN_BACK)
  atomic_store(TOKEN(the_row), written, 0);
  atomic_store(the_offset, NOTHING, 0);
  atomic_store(OFFSET(the_row), 1 + the_offset, COMMITTED);
#else
  BEGIN_RESTART(the_row, the_offset);
  atomic_store(TOKEN(the_row), written, 0);
  atomic_store(the_offset, NOTHING, 0);
#ifdef ROW_AFTER_ENTRY
  skip; /* the row is committed after its first entry */
#elif defined(ROW_NOT_RELEASED)
  if
  :: enqueue(OFFSET(the_row), 1 + the_offset, COMMITTED, 0)
  OR_KILLED
  fi;
#else
  atomic_store(OFFSET(the_row), 1 + the_offset, COMMITTED);
#endif
#endif
  d_step {
    row_offset[the_row] = the_offset;
    row_committed[the_row] = 1;
    if
    :: stale <= the_row -> stale = the_row + 1
    :: else
    fi;
    chunk = the_row;
    chunk_start = the_offset
#ifdef ROW_AFTER_ENTRY
    ; is_late = 1
#endif
  }
}

/* Makes room for an entry of `size` words, at `at`. */
inline make_room(the_size) {
  if
  :: is_wrapped || WORDS - at < the_size ->
#ifndef EMPTY_CHUNK_KEPT
    if
    :: at == chunk_start && chunk > 0 -> clear_row(chunk)
    :: else
    fi;
#endif
#ifndef NO_WRAP_MARK
    if
    :: !is_wrapped && at < WORDS ->
      invalidate(at + 1, chunk);
      atomic_store(at, WRAP, 0)
    :: else
    fi;
#endif
    d_step { is_wrapped = 0; stale = 1; at = 0 }
    restart_row(0, 0)
  :: else ->
    if
    :: at - chunk_start >= TARGET && chunk + 1 < ROWS -> restart_row(chunk + 1, at)
    :: else
    fi
  fi;
  /* The row of the next chunk goes with the entry that fills this one. */
  through = chunk;
#ifndef NEXT_ROW_LATE
  if
  :: chunk + 1 < ROWS && at + the_size >= chunk_start + TARGET -> through = chunk + 1
  :: else
  fi;
#endif
#if defined(NEXT_HEADER_NOT_COUNTED)
  invalidate(at + the_size, chunk);
#elif !defined(INVALIDATION_AFTER_BYTES)
  invalidate(at + the_size + 1, through);
#endif
  through = 0;
  d_step {
    find_stale();
    straight = WORDS - 1;
    if
#ifdef NEXT_ROW_LATE
    :: chunk + 1 < ROWS && chunk_start + TARGET < straight -> straight = chunk_start + TARGET
#else
    :: chunk + 1 < ROWS && chunk_start + TARGET - 1 < straight ->
      straight = chunk_start + TARGET - 1
#endif
    :: else
    fi;
    if
    :: next_stale == 0 -> straight = 0
    :: next_stale > 0 && next_stale - 1 < straight -> straight = next_stale - 1
    :: else
    fi;
    has_straight = 1
  }
}

/* The payload of entry `number`, whose header is at `offset`. */
inline store_payload(the_offset, the_size, the_number) {
  word = 1;
  do
  :: word < the_size -> store(the_offset + word, PAYLOAD(LIFE, the_number)); word++
  :: else -> break
  od;
  word = 0
}

/* The store that publishes an entry, or a batch of two; what it says is known from here on. */
inline publish(the_first, the_second) {
  if
  :: d_step {
#ifdef WEAK
      queued < QUEUE ->
      queue_place[queued] = at;
      queue_value[queued] = HEADER(the_first);
#ifndef ENTRY_NOT_RELEASED
      queue_release[queued] = 1;
#endif
      queued++;
#else
      queued == 0 ->
      memory[at] = HEADER(the_first);
#endif
      written++;
      length_of[OF(LIFE, written)] = the_first;
      begins_batch[OF(LIFE, written)] = (the_second > 0);
      if
      :: the_second > 0 -> written++; length_of[OF(LIFE, written)] = the_second
      :: else
      fi;
      total[LIFE] = written
    }
  OR_KILLED
  fi
}

/* Publishes what is at `at` and ends before `the_next`. */
inline commit(the_first, the_second, the_next) {
#ifndef NO_NEXT_HEADER
  if
  :: the_next < WORDS -> store(the_next, NOTHING)
  :: else
  fi;
#endif
  publish(the_first, the_second);
  at = the_next
#ifdef ROW_AFTER_ENTRY
  if
  :: is_late -> atomic_store(OFFSET(chunk), 1 + chunk_start, COMMITTED); is_late = 0
  :: else
  fi
#endif
}

inline choose_size(the_size) {
  if
  :: the_size = 1
  :: the_size = 2
#if LONGEST > 2
  :: the_size = LONGEST
#endif
  fi
}

/* Clears every row from `from` on that is not committed and not empty. */
inline clear_rows(the_from) {
  row = the_from;
  do
  :: row < ROWS ->
    if
    :: !row_committed[row] && (memory[OFFSET(row)] != 0 || memory[TOKEN(row)] != 0) ->
      clear_row(row)
    :: else
    fi;
    row++
  :: else -> break
  od;
  row = 0
}

/* What src/log/resume.ts finds ... */
inline find_end() {
  d_step {
    row = 0; chunk = NOWHERE;
    do
    :: row < ROWS ->
      row_committed[row] = (memory[FLAG(row)] == COMMITTED);
      if
      :: row_committed[row] ->
        row_offset[row] = memory[OFFSET(row)] - 1;
        if
        :: chunk == NOWHERE -> chunk = row
        :: chunk != NOWHERE && memory[TOKEN(row)] > memory[TOKEN(chunk)] -> chunk = row
        :: else
        fi
      :: else -> row_offset[row] = 0
      fi;
      row++
    :: else -> break
    od;
    row = 0;
#if RESTARTS > 0
    id = memory[ID];
    is_renewal = (memory[FLAG(0)] == RENEWAL);
#endif
    if
#if RESTARTS > 0
    :: is_renewal
#endif
    :: memory[FLAG(0)] == RESTART && HEEDS_MARK ->
      written = memory[OFFSET(0)];
      chunk = NOWHERE
    :: else ->
      CHECK(resume_goes_on, chunk != NOWHERE);
      chunk_start = row_offset[chunk];
      at = chunk_start;
      written = memory[TOKEN(chunk)];
      do
      :: at < WORDS && memory[at] > WRAP && memory[at] < FINISH ->
        at = at + memory[at] - HEADER(0);
#ifndef RESUME_COUNTS_NO_ENTRIES
        written++
#endif
      :: else -> break
      od;
#if FINISHES
      is_ended = (at < WORDS && memory[at] == FINISH);
      CHECK(resume_goes_on, is_ended == is_marked[LIFE]);
      CHECK(resume_goes_on, is_ended || at >= WORDS || memory[at] == NOTHING || memory[at] == WRAP);
#else
      CHECK(resume_goes_on, at >= WORDS || memory[at] == NOTHING || memory[at] == WRAP);
#endif
      is_wrapped = (at < WORDS && memory[at] == WRAP)
    fi;
#if RESTARTS > 0
    CHECK(resume_goes_on, is_renewal || written == total[LIFE])
#else
    CHECK(resume_goes_on, written == total[LIFE])
#endif
  }
}

#if FINISHES
/* Writer.finish(): the mark behind all entries, in chunk 0 if there is no room for it. */
inline finish() {
  if
  :: is_wrapped || at >= WORDS ->
    if
    :: at == chunk_start && chunk > 0 -> clear_row(chunk)
    :: else
    fi;
    d_step { is_wrapped = 0; stale = 1; at = 0 }
    restart_row(0, 0)
  :: else
  fi;
  invalidate(at + 1, chunk);
  if
  :: d_step {
#ifdef WEAK
      queued < QUEUE ->
      queue_place[queued] = at; queue_value[queued] = FINISH;
#ifndef FINISH_NOT_RELEASED
      queue_release[queued] = 1;
#endif
      queued++;
#else
      queued == 0 -> memory[at] = FINISH;
#endif
      is_marked[LIFE] = 1
    }
  OR_KILLED
  fi
}
#endif

#if RESTARTS > 0
/* What src/log/renewal.ts does: the log is restarted in place, with another id. */
inline change_id() {
  d_step { newest_id++ }
#ifndef SAME_ID
  atomic_store(ID, newest_id, 0)
#endif
}

inline renew() {
#ifdef ID_FIRST
  change_id();
#endif
#ifdef NO_RENEWAL_MARK
  atomic_store(OFFSET(0), 0, 0);
#else
  atomic_store(OFFSET(0), 0, RENEWAL);
#endif
  row = 1;
  do
  :: row < ROWS ->
#ifndef RENEWAL_KEEPS_ROWS
    if
    :: memory[OFFSET(row)] != 0 || memory[TOKEN(row)] != 0 -> clear_row(row)
    :: else
    fi;
#endif
    row++
  :: else -> break
  od;
  row = 0;
#ifdef TOKEN_BEFORE_ID
  atomic_store(TOKEN(0), 0, 0);
#endif
  fence();
#ifndef RENEWAL_KEEPS_HEADER
  atomic_store(0, NOTHING, 0);
#endif
#if !defined(ID_FIRST) && !defined(ID_LAST)
  change_id();
#endif
  fence();
  d_step {
    id = newest_id; written = 0; at = 0; chunk = 0; chunk_start = 0; stale = 1; has_straight = 0;
    is_wrapped = 0; row_offset[0] = 0; row_committed[0] = 1; is_renewal = 0
#if FINISHES
    ; is_ended = 0
#endif
  }
#ifndef TOKEN_BEFORE_ID
  atomic_store(TOKEN(0), 0, 0);
#endif
  atomic_store(OFFSET(0), 1, COMMITTED);
#ifdef ID_LAST
  change_id();
#endif
  skip
}
#endif

/* ... and does; it may be killed, too. */
inline resume() {
  if
  :: chunk == NOWHERE ->
    atomic_store(OFFSET(0), written, RESTART);
    clear_rows(1);
    atomic_store(TOKEN(0), written, 0);
    atomic_store(0, NOTHING, 0);
    atomic_store(OFFSET(0), 1, COMMITTED);
    row_offset[0] = 0; row_committed[0] = 1; chunk = 0; at = 0; chunk_start = 0
  :: else ->
    clear_rows(0);
    if
    :: at < WORDS && !is_wrapped -> atomic_store(at, NOTHING, 0)
    :: else
    fi
  fi;
  stale = chunk + 1
}

active proctype Writer() {
  byte at, chunk, chunk_start, stale = 1, next_stale, straight, first, second, word, row, written;
  byte through;
  byte crashes = CRASHES, aborts = ABORTS, batches = BATCHES;
  bit has_straight, is_wrapped, is_late;
  /* The writer's own knowledge of the rows: it is the only one who changes them. */
  byte row_offset[ROWS];
  bit row_committed[ROWS];
#if RESTARTS > 0
  byte id, restarts = RESTARTS;
  bit is_renewal;
#endif
#if FINISHES
  bit is_ended;
#endif

  d_step {
    memory[OFFSET(0)] = 1;
    memory[FLAG(0)] = COMMITTED;
    row_committed[0] = 1
  }
begin:
  do
  :: written < ENTRIES ->
    choose_size(first);
    if
    :: !has_straight || at + first > straight -> make_room(first)
    :: else
    fi;
#ifdef COMMIT_BEFORE_PAYLOAD
    publish(first, 0);
    store_payload(at, first, written);
    if
    :: at + first < WORDS -> store(at + first, NOTHING)
    :: else
    fi;
    at = at + first;
#else
    store_payload(at, first, written + 1);
#ifdef INVALIDATION_AFTER_BYTES
    invalidate(at + first + 1, chunk);
#endif
    commit(first, 0, at + first);
#endif
    first = 0
#if BATCHES > 0
  :: batches > 0 && written + 1 < ENTRIES ->
    batches--;
    if
    :: first = 1
    :: first = 2
    fi;
    if
    :: second = 1
    :: first + 2 <= WORDS -> second = 2
    fi;
    if
    :: !has_straight || at + first + second > straight -> make_room(first + second)
    :: else
    fi;
#ifdef BATCH_HEAD_FIRST
    store_payload(at, first, written + 1);
    publish(first, second);
    store_payload(at + first, second, written);
    atomic_store(at + first, HEADER(second), 0);
    if
    :: at + first + second < WORDS -> store(at + first + second, NOTHING)
    :: else
    fi;
    at = at + first + second;
#else
    store_payload(at, first, written + 1);
    store_payload(at + first, second, written + 2);
    store(at + first, HEADER(second));
    commit(first, second, at + first + second);
#endif
    first = 0; second = 0
#endif
#if ABORTS > 0
  :: aborts > 0 && written < ENTRIES ->
    aborts--;
    choose_size(first);
    make_room(first);
    first = 0
#endif
#if FINISHES
  :: written >= ENTRIES -> finish(); goto ended
#endif
#if RESTARTS > 0
  :: restarts > 0 && written > 0 -> restarts--; renew()
#endif
  :: written >= ENTRIES -> is_finished = 1; goto done
  od;

#if FINISHES
ended:
  if
#if RESTARTS > 0
  :: restarts > 0 -> restarts--; renew(); goto begin
#endif
  :: is_finished = 1; goto done
  fi;
#endif

killed:
  atomic {
    crashes--;
    at = 0; chunk = 0; chunk_start = 0; stale = 0; next_stale = 0; straight = 0; first = 0;
    second = 0; word = 0; row = 0; has_straight = 0; is_wrapped = 0; is_late = 0
  }
  if
  :: is_dead = 1
  :: atomic { queued == 0 -> find_end() }
#if RESTARTS > 0
    if
    :: is_renewal -> renew(); goto begin
    :: else
    fi;
#endif
#if FINISHES
    if
    :: is_ended -> goto ended
    :: else
    fi;
#endif
    resume();
    goto begin
  fi;
done:
  skip
}

/* ------------------------------------------------------------------------------------- the reader */

#define OPEN   0
#define LAP    1
#define DAMAGE 2
#define LIMIT  3
#define END    4

/* Offset, flag, and token of row `r` that belong together; uncommitted if they are in motion. */
inline read_row(the_r) {
  if
  :: found_offset = memory[OFFSET(the_r)]; found_flag = memory[FLAG(the_r)]
#ifdef WEAK
  :: found_flag = memory[FLAG(the_r)]; found_offset = memory[OFFSET(the_r)]
#endif
  fi;
#ifdef NO_FENCE_IN_ROW
  /* Both looks at the offset before the token. */
  atomic { same = (memory[OFFSET(the_r)] == found_offset && memory[FLAG(the_r)] == found_flag) }
  found_token = memory[TOKEN(the_r)];
#elif !defined(ROW_READ_ONCE)
  found_token = memory[TOKEN(the_r)];
  is_same(the_r, found_offset, found_flag, found_token);
#else
  found_token = memory[TOKEN(the_r)];
  same = 1;
#endif
  atomic {
    got = 0;
    if
    :: !same -> found_offset = 0; found_flag = 0; found_token = 0
    :: same && found_flag == RESTART -> found_offset = 0
    :: else
    fi;
    same = 0
  }
}

/* Three loads, on a weak memory in any order, that must all give what is expected. */
inline is_same(the_r, the_offset, the_flag, the_token_value) {
  atomic { got = 0; same = 1 }
  do
  :: atomic { !(got & 1) -> same = same && memory[OFFSET(the_r)] == the_offset; got = got | 1 }
  :: atomic { !(got & 2) && (IS_WEAK || got == 1) ->
      same = same && memory[FLAG(the_r)] == the_flag; got = got | 2 }
  :: atomic { !(got & 4) && (IS_WEAK || got == 3) ->
      same = same && memory[TOKEN(the_r)] == the_token_value; got = got | 4 }
  :: got == 7 || !same -> break
  od
}

inline is_intact() {
#ifdef CHECK_OF_TOKEN_ONLY
  d_step { same = (memory[TOKEN(mine)] == token) }
#elif defined(CHECK_WITHOUT_TOKEN)
  d_step { same = (memory[OFFSET(mine)] == 1 + start && memory[FLAG(mine)] == COMMITTED) }
#else
#ifdef ID_BEFORE_ROW
  is_my_life = IS_MY_LIFE;
#endif
  is_same(mine, 1 + start, COMMITTED, token)
#endif
#if RESTARTS > 0 && !defined(NO_ID_CHECK)
  ;
#ifdef ID_BEFORE_ROW
  same = same && is_my_life;
  is_my_life = 0
#else
#ifndef TOKEN_BEFORE_ID
  /* fence: the token before the flag */
  same = same && memory[FLAG(mine)] == COMMITTED;
#endif
  /* fence: the row before the id */
  same = same && IS_MY_LIFE
#endif
#endif
}

#define IS_NEWER(value) ((value) > token || ((value) == token && (value) == seen))
#define QUALIFIES(r) (memory[FLAG(r)] == COMMITTED && ((r) == 0 || memory[TOKEN(r)] > 0) && \
  (!is_started || IS_NEWER(memory[TOKEN(r)])))

/* Whether a chunk after ours was begun: as a survey says, and as one of a table in motion may say. */
#define IS_BEGUN(r) (memory[TOKEN(r)] > token && memory[TOKEN(r)] >= number)
#ifdef SKIP_UNCOMMITTED
#define IS_BELIEVED(r) true
#else
#define IS_BELIEVED(r) (memory[FLAG(r)] == COMMITTED)
#endif
#define IS_AFTER(r) (IS_BELIEVED(r) && IS_BEGUN(r))
#if ROWS == 1
#define IS_PASSED IS_AFTER(0)
#define SEEMS_PASSED IS_BEGUN(0)
#elif ROWS == 2
#define IS_PASSED (IS_AFTER(0) || IS_AFTER(1))
#define SEEMS_PASSED (IS_BEGUN(0) || IS_BEGUN(1))
#else
#define IS_PASSED (IS_AFTER(0) || IS_AFTER(1) || IS_AFTER(2))
#define SEEMS_PASSED (IS_BEGUN(0) || IS_BEGUN(1) || IS_BEGUN(2))
#endif

/* The oldest chunk after ours. */
#ifdef SKIP_TO_NEWEST
#define IS_BETTER(r) memory[TOKEN(r)] > found_token
#else
#define IS_BETTER(r) memory[TOKEN(r)] < found_token
#endif
inline find_next() {
  got = 0;
  picked = NOWHERE;
  do
  :: got < ROWS ->
    if
    :: IS_BELIEVED(got) && memory[TOKEN(got)] > token &&
      (picked == NOWHERE || IS_BETTER(got)) ->
      picked = got;
      found_offset = memory[OFFSET(got)];
      found_token = memory[TOKEN(got)]
    :: else
    fi;
    got++
  :: else -> break
  od;
  got = 0
}

/* Whether what is between here and a chunk that begins after `to` entries is there: in our chunk, or in others. */
#define IS_OURS (memory[OFFSET(mine)] == 1 + start && memory[FLAG(mine)] == COMMITTED && \
  memory[TOKEN(mine)] == token && IS_MY_LIFE)
#define IS_ENTRY_HERE (IS_OURS && place < WORDS && memory[place] > WRAP && memory[place] < FINISH)
#define IS_BETWEEN(r, to) (memory[FLAG(r)] == COMMITTED && IS_BEGUN(r) && memory[TOKEN(r)] < (to))
#if ROWS == 1
#define IS_LEFT(to) (IS_ENTRY_HERE || IS_BETWEEN(0, to))
#elif ROWS == 2
#define IS_LEFT(to) (IS_ENTRY_HERE || IS_BETWEEN(0, to) || IS_BETWEEN(1, to))
#else
#define IS_LEFT(to) (IS_ENTRY_HERE || IS_BETWEEN(0, to) || IS_BETWEEN(1, to) || IS_BETWEEN(2, to))
#endif

/* One header of the walk. */
inline walk_step() {
  atomic {
    if
    :: count == MOST -> why = LIMIT; is_walked = 1
    :: count < MOST && limit <= place -> why = LIMIT; is_walked = 1
    :: else ->
      value = memory[place];
      if
      :: value == NOTHING || place == stale_at -> why = OPEN; is_walked = 1
      :: value == WRAP && place != stale_at -> why = LAP; is_walked = 1
#if FINISHES
      :: value == FINISH && place != stale_at -> why = END; is_walked = 1
#endif
      :: value > WRAP && place != stale_at && value < FINISH -> value = value - HEADER(0)
      :: value >= 32 && place != stale_at ->
        /* A piece of an old payload may look like anything. */
        if
        :: why = OPEN; is_walked = 1
        :: why = DAMAGE; is_walked = 1
#if FINISHES
        :: why = END; is_walked = 1
#endif
        :: value = 1
        :: value = 2
        fi
      fi;
      if
      :: is_walked
      :: !is_walked && place + value > limit -> why = DAMAGE; is_walked = 1
      :: else ->
        bound[count] = place;
        size[count] = value;
        place = place + value;
        count++
      fi;
      value = 0
    fi
  }
}

inline enter(the_r) {
  is_suspect = 0;
  mine = the_r;
  start = found_offset - 1;
  token = found_token;
  place = start;
  number = token;
  if
  :: !is_started -> is_started = 1; seen = token
  :: is_started && token > seen -> seen = token
  :: else
  fi
}

inline forget_row() { found_offset = 0; found_flag = 0; found_token = 0 }

active proctype Reader() {
  byte mine = NOWHERE, token, start, place, number, seen;
  byte found_offset, found_flag, found_token, got, limit, stale_at = NOWHERE, why, count, value;
  byte bound[2], size[2];
  byte picked, calm, early_place = NOWHERE, early_value;
  bit is_suspect, is_started, same, is_complete, is_walked, is_wrong, was_quiet;
#if RESTARTS > 0
  byte my_id = memory[ID];
#ifdef ID_BEFORE_ROW
  bit is_my_life;
#endif
#endif
#if FINISHES
  bit is_over;
#endif

#if RESTARTS > 0
  /* It may start at any moment. */
  my_id = memory[ID];
#endif
next:
  atomic {
    was_quiet = IS_QUIET;
    if
    :: was_quiet -> calm++; CHECK(reader_comes_to_rest, calm < 2 * ENTRIES + 3 * ROWS)
    :: else
    fi;
    got = 0; value = 0; why = 0; count = 0; is_complete = 0; is_walked = 0;
    is_wrong = 0; same = 0; limit = 0; stale_at = NOWHERE; picked = 0;
    bound[0] = 0; bound[1] = 0; size[0] = 0; size[1] = 0;
    early_place = NOWHERE; early_value = 0;
    forget_row()
  }
  if
  :: mine == NOWHERE -> goto locate
  :: mine != NOWHERE && place >= WORDS -> goto wrap
  :: else
  fi;

  /* Position.lookAhead() */
  limit = WORDS;
#ifdef NO_FENCE_AFTER_HEADERS
  /* The fence between headers and payloads is gone: a payload may be loaded before its header. */
  if
  :: d_step { early_place = place + 1; early_value = 0 }
    if
    :: early_place < WORDS -> early_value = memory[early_place]
    :: else -> early_place = NOWHERE
    fi
  :: skip
  fi;
#endif
  if
  :: mine + 1 == ROWS
  :: mine + 1 < ROWS ->
#ifdef WEAK
    /* Token, offset and headers have no fence between them: what if the headers come first? */
    if
    :: memory[TOKEN(mine + 1)] <= token -> stale_at = memory[OFFSET(mine + 1)]
    :: stale_at = memory[OFFSET(mine + 1)]; memory[TOKEN(mine + 1)] <= token
    :: do
      :: !is_walked -> walk_step()
      :: is_walked -> break
      od;
      if
      :: memory[TOKEN(mine + 1)] <= token -> stale_at = memory[OFFSET(mine + 1)]
      :: stale_at = memory[OFFSET(mine + 1)]; memory[TOKEN(mine + 1)] <= token
      fi
    :: memory[TOKEN(mine + 1)] > token -> goto newer
    fi;
#else
    if
    :: memory[TOKEN(mine + 1)] <= token -> stale_at = memory[OFFSET(mine + 1)]
    :: memory[TOKEN(mine + 1)] > token -> goto newer
    fi;
#endif
    d_step {
      if
      :: stale_at == 0 -> stale_at = NOWHERE
      :: else -> stale_at--
      fi;
      /* Walked already: up to the stale chunk. */
      if
      :: is_walked && count > 0 && bound[0] == stale_at -> count = 0; place = bound[0]; why = OPEN
      :: is_walked && count > 1 && bound[1] == stale_at -> count = 1; place = bound[1]; why = OPEN
      :: else
      fi
    }
    goto walk;
newer:
    read_row(mine + 1);
    /* fence: the row before the headers */
    atomic {
      if
      :: found_token <= token || found_flag != COMMITTED
      :: else ->
        if
        :: found_offset - 1 == place || (found_offset - 1 < place && found_token <= number) ->
          /* We are in the next chunk: adopt it, and stay where we are. */
          value = place; picked = number; got = found_offset - 1;
          enter(mine + 1);
          if
          :: got < value -> place = value; number = picked
          :: else
          fi;
          goto next
        :: found_offset - 1 > place -> limit = found_offset - 1; is_complete = 1
        :: else
        fi
      fi;
      forget_row()
    }
  fi;

walk:
  do
  :: !is_walked -> walk_step()
  :: is_walked -> break
  od;
  /* fence: the headers before the payloads */
  if
  :: count == 0 -> goto nothing
  :: else
  fi;
  is_intact();
  if
  :: !same -> goto overrun
  :: else
  fi;
#if defined(NO_FENCE_BEFORE_CHECK) || defined(NO_CHECK_AFTER_COPY)
#ifdef NO_FENCE_BEFORE_CHECK
  is_intact();
  picked = same;
#else
  picked = 1;
#endif
#endif
  /* The copy: any one word of it, for all of them. */
  atomic {
    value = 0;
    if
    :: count > 1 -> value = 1
    :: true
    fi;
    got = 1;
    do
    :: got + 1 < size[value] -> got++
    :: break
    od;
    if
    :: got < size[value] ->
      if
      :: early_place == bound[value] + got -> is_wrong = (early_value != PAYLOAD(READERS_LIFE, number + 1 + value))
      :: else -> is_wrong = (memory[bound[value] + got] != PAYLOAD(READERS_LIFE, number + 1 + value))
      fi;
      /* What was delivered before is skipped. */
      is_wrong = is_wrong && (number + 1 + value > seen)
    :: else
    fi;
    value = 0; got = 0
  }
  /* fence: the payloads before the token */
#if defined(NO_FENCE_BEFORE_CHECK) || defined(NO_CHECK_AFTER_COPY)
  same = picked;
#else
  is_intact();
#endif
  atomic {
    if
    :: !same -> goto overrun
    :: else
    fi;
    CHECK(entry_is_as_written, !is_wrong);
    is_suspect = 0;
    value = 0;
    do
    :: value < count ->
      number++;
      if
#ifdef NUMBERS_AGAIN
      :: true ->
#else
      :: number > seen ->
#endif
        CHECK(numbers_grow, number > seen);
        CHECK(entry_is_as_written,
          number <= total[READERS_LIFE] && length_of[OF(READERS_LIFE, number)] == size[value]);
        length_of[OF(READERS_LIFE, number)] = 0; /* so that states that differ by it only are one */
        seen = number
      :: else
      fi;
      value++
    :: else -> break
    od;
    value = 0
  }
  goto next;

nothing:
#ifndef NO_CHECK_WHERE_NOTHING
  is_intact();
  if
  :: !same -> goto overrun
  :: else
  fi;
#endif
  if
  :: is_complete ->
    read_row(mine + 1);
    atomic {
      CHECK(sound_log_is_not_damaged,
        !IS_MY_LIFE || !(found_flag == COMMITTED && found_offset == 1 + limit && found_token > token));
      goto idle
    }
  :: !is_complete && why == OPEN ->
    CHECK(batch_is_whole, !(number > 0 && number == seen && begins_batch[OF(READERS_LIFE, number)] &&
      number <= total[READERS_LIFE]));
    goto passed_by
  :: !is_complete && why == LAP -> goto wrap
#if FINISHES
  :: !is_complete && why == END ->
    atomic {
      CHECK(end_is_the_end, is_marked[READERS_LIFE] && seen == total[READERS_LIFE]);
      is_over = 1;
      goto idle
    }
#endif
  :: else -> CHECK(sound_log_is_not_damaged, false)
  fi;

passed_by:
#if defined(NO_WRAP_MARK) || defined(NEXT_HEADER_NOT_COUNTED)
  goto idle; /* as readers of the reference do, which wait for ever: ours finds its way */
#endif
  /* Position.passedBy(): a lap that ended since we looked, or without a mark. */
  read_row(0);
  if
  :: found_flag != COMMITTED || found_token <= token || found_token < number -> goto wait
  :: found_flag == COMMITTED && found_token > token && found_token == number -> goto wrap
  :: else ->
    /* fence: the row before the header */
    if
    :: memory[place] == NOTHING || memory[place] >= 32 -> goto pass_on
    :: memory[place] != NOTHING -> goto wait
    fi
  fi;

wait:
  /* Position.#wait(): a chunk that was written after ours? If so, once more from the start. */
  atomic {
    if
#ifdef NO_SECOND_LOOK
    :: IS_PASSED -> goto pass_on
#else
    :: IS_PASSED && is_suspect -> goto pass_on
    :: IS_PASSED && !is_suspect -> is_suspect = 1; goto next
#endif
    /* A survey of a table in motion. */
    :: !IS_PASSED && SEEMS_PASSED -> is_suspect = 1; goto idle
    :: !IS_PASSED -> is_suspect = 0; goto idle
    fi
  }

pass_on:
  /* Position.#skip(): on to the oldest chunk after ours, of a table that held still. */
  atomic {
    forget_row();
    find_next();
    if
    :: picked == NOWHERE -> picked = 0; goto idle
    :: else -> is_wrong = found_token > number && IS_LEFT(found_token)
    fi
  }
  /* fence: the survey before our row */
#ifndef NO_CHECK_BEFORE_SKIP
  is_intact();
  if
  :: !same -> goto overrun
  :: else
  fi;
#endif
  atomic {
    CHECK(sound_log_is_not_damaged, !is_wrong && found_token <= total[READERS_LIFE]);
    enter(picked);
    forget_row();
    goto next
  }

wrap:
  read_row(0);
  if
#ifdef ANY_ROW_ZERO
  :: found_flag != COMMITTED ->
#else
  :: found_flag != COMMITTED || !IS_NEWER(found_token) ->
#endif
    is_intact();
    if
    :: same -> goto wait
    :: else -> goto overrun
    fi
  :: else ->
    if
    :: found_token > seen -> goto overrun
    :: else -> atomic { enter(0); goto next }
    fi
  fi;

overrun:
  atomic { is_suspect = 0; mine = NOWHERE; start = 0; place = 0; number = 0 }
locate:
  /* Any row that could be chosen: the first, the newest, the oldest; and sometimes none. */
  if
  :: !was_quiet -> goto idle
  :: atomic { QUALIFIES(0) -> picked = 0 }
#if ROWS > 1
  :: atomic { QUALIFIES(1) -> picked = 1 }
#endif
#if ROWS > 2
  :: atomic { QUALIFIES(2) -> picked = 2 }
#endif
  :: else -> goto idle
  fi;
  forget_row();
  read_row(picked);
#if RESTARTS > 0
  if
  :: !IS_MY_LIFE -> goto restarted
  :: else
  fi;
#endif
  atomic {
    if
    :: found_flag == COMMITTED && (picked == 0 || found_token > 0) &&
      (!is_started || IS_NEWER(found_token)) -> enter(picked)
    :: else
    fi;
    goto next
  }

idle:
  atomic {
    if
    :: !was_quiet -> goto next
    :: else ->
#if RESTARTS > 0
      if
      :: memory[ID] != my_id -> goto restarted
      :: else
      fi;
#endif
      CHECK(read_plus_lost_is_all, is_dead || seen == total[READERS_LIFE]);
#if FINISHES
      CHECK(end_is_the_end, is_dead || is_over == is_marked[READERS_LIFE])
#endif
    fi
  }
#if RESTARTS > 0
restarted:
  skip
#endif
}
