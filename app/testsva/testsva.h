/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 *
 * testsva: what its parts share. Commands run one at a time in the main thread; only
 * forwarding (forward.h) has threads of its own.
 */
#ifndef TESTSVA_H
#define TESTSVA_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva_accel_driver.h>

#define TS_MAX_LINE 2048	/* bytes of a command line with its end */
#define TS_MAX_WORDS 24		/* of a command line */
#define TS_WORD 128		/* bytes of a word with its end */
#define TS_MAX_DEVICES 16
#define TS_MAX_QUEUES 64
#define TS_MAX_CONTAINERS 16
#define TS_MAX_BONDS 64		/* that are shown of a container */
#define TS_MAX_REGIONS 64
#define TS_PAGE 4096u

enum ts_exit {
	TS_EXIT_OK = 0,
	TS_EXIT_FAILED = 1,
	TS_EXIT_USAGE = 2,
	TS_EXIT_INTERRUPTED = 130,
};

/* The words of a command line, split at blanks. */
struct ts_words {
	char w[TS_MAX_WORDS][TS_WORD];
	unsigned int n;
};

/* A command; runs with all its words there. 0, or -1 where that has been said. */
struct ts_command {
	/*
	 * Words in small letters stand for themselves, a|b for one of them, words in capitals
	 * for a value; [a=VALUE b=x/y] are the keys that may follow, [VALUE] what may.
	 */
	const char *syntax;
	const char *help;
	int (*run)(const struct ts_words *words);
};

struct ts_section {
	const char *name;
	const struct ts_command *commands;	/* ends with a NULL syntax */
};

/* ---- main.c ---- */
extern volatile sig_atomic_t ts_interrupted;	/* SIGINT or SIGTERM came */
extern volatile sig_atomic_t ts_resumed;	/* SIGCONT came */
/* Where the command stands that runs, for ts_error(). */
struct ts_place {
	const char *file;	/* NULL: it was typed */
	unsigned int line;
};
extern struct ts_place ts_place;
extern bool ts_quit;
extern bool ts_failed;			/* something did that no command asked for */
extern bool ts_output_lost;		/* which has been said */
extern unsigned int ts_stats_period;	/* seconds, 0: none */
extern unsigned int ts_timeout;		/* seconds that a descriptor may take */
/* One line on standard error: what is wrong, where, what to do. Returns -1. */
int ts_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Wait a little, see to what happens meanwhile. Whether to go on. */
bool ts_pause(unsigned int milliseconds);

/* ---- command.c ---- */
extern const struct ts_section *const ts_sections[];	/* ends with NULL */
int ts_commands_init(void);
void ts_commands_free(void);
/* Run a line. 0, or -1 where it is wrong or what it asks for failed, which has been said. */
int ts_execute(const char *line, size_t len);
/* Run the lines of a file, all of them. 0, or -1 where one failed. */
int ts_load(const char *path);
extern const struct ts_section ts_control_section;

/* ---- console.c ---- */
/* Read commands until their end, or only watch, until `done` says so (NULL: never). */
int ts_console_run(bool prompt, bool (*done)(void));
/* Print without spoiling the line that is being typed. */
void ts_console_hide(void);
void ts_console_show(void);
/* Once round the loop: signals, events, statistics that are due. */
void ts_console_poll(int timeout_ms);

/* ---- parse.c ---- */
/* Each prints what is wrong, with `what` in front, and returns -1. */
int ts_number(const char *what, const char *text, uint64_t min, uint64_t max, uint64_t *value);
int ts_address(const char *what, const char *text, uint64_t *addr);
/* NAME[+OFFSET][:LENGTH], of memory that testsva has; *len is up to its end without one. */
int ts_range(const char *what, const char *text, unsigned char **start, size_t *len);
/* Index among words "a|b|c" (or "a/b/c"), or -1, said. */
int ts_choice(const char *what, const char *text, const char *choices);
/* What follows "key=" among the words from `first` on, or NULL. */
const char *ts_key(const struct ts_words *words, unsigned int first, const char *key);

/* Completion: write the i-th of what a value may be; false past the last. */
typedef bool (*ts_list_fn)(unsigned int i, char *dst, size_t size);
ts_list_fn ts_list_of(const char *value, size_t len);

/* ---- device.c ---- */
struct ts_container {
	struct sva_container *c;	/* NULL: free */
	bool own;		/* made by "container create", else a device's */
	struct {
		pid_t pid;	/* 0: testsva */
		uint32_t pasid;	/* 0: free */
	} bonds[TS_MAX_BONDS];	/* made by "bind" */
};

struct ts_device {
	struct sva_device *dev;	/* NULL: free */
	char name[64];
	struct ts_container *container;
	int event_fd;		/* -1: it has none */
	bool gone;		/* failed or removed, and not reset since */
	bool bound;		/* its process still is, under its PASID */
	bool held;		/* a command looks at its errors by itself */
};

struct ts_queue {
	struct sva_queue *q;	/* NULL: free */
	struct ts_device *device;
	struct sva_portal portal;	/* for descriptors made by hand */
	bool portal_open;
	struct sva_queue_stats shown;	/* at the last "show rates" */
	uint64_t shown_ns;
};

extern struct ts_device ts_devices[TS_MAX_DEVICES];
extern struct ts_queue ts_queues[TS_MAX_QUEUES];
extern struct ts_container ts_containers[TS_MAX_CONTAINERS];
extern const struct ts_section ts_device_section, ts_queue_section;
int ts_open_allowed(void);	/* all devices of the EAL's -a */
int ts_open_any(void);		/* "auto", where none is open and none is of -a */
int ts_close_all(void);
struct ts_device *ts_find_device(const char *text);	/* NULL: said */
struct ts_queue *ts_find_queue(const char *text);	/* NULL: said */
void ts_queue_forget(struct ts_queue *queue);	/* before it is closed */
/* Takes what nobody waited for any more. 0, or -1: some is still to come, said. */
int ts_queue_settle(const char *what, struct ts_queue *queue);
int ts_queue_number(const struct ts_queue *queue);
/* Opens one on each device that has none. Whether there is any now. */
bool ts_queues_wanted(void);
/* Refuse what is not for a device or queue that is forwarding. -1: it is, said. */
int ts_idle(const char *what, const struct ts_device *device, const struct ts_queue *queue);
uint64_t ts_now_ns(void);

/* ---- bind.c ---- */
extern const struct ts_section ts_bind_section;
/* A process has this PASID in a container now, or none (0). */
void ts_bond_changed(const struct ts_container *c, pid_t pid, uint32_t pasid);
/* To be shown behind a device's PASID: "" while it is bound. */
const char *ts_bond_state(const struct ts_device *device);

/* ---- event.c ---- */
extern const struct ts_section ts_event_section;
int ts_event_init(void);
void ts_event_fini(void);
int ts_event_fd(void);		/* readable: ts_event_show() */
void ts_event_show(void);
void ts_on_event(struct sva_device *dev, const struct sva_event *event, void *arg);

/* ---- memory.c ---- */
struct ts_region {
	char name[32];		/* "": free */
	unsigned char *start;
	size_t len;
	bool mapped;		/* else from sva_alloc() */
};
extern struct ts_region ts_regions[TS_MAX_REGIONS];
extern const struct ts_section ts_memory_section;
struct ts_region *ts_find_region(const char *name, size_t len);	/* NULL: none */
void ts_memory_free_all(void);
/* Read or write any address there may be, or none. Whether all of it could be. */
bool ts_peek(uint64_t at, void *buf, size_t len);
bool ts_poke(uint64_t at, const void *buf, size_t len);

/* ---- submit.c ---- */
extern const struct ts_section ts_submit_section;

/* ---- register.c ---- */
extern const struct ts_section ts_register_section;

/* ---- fwd_cmd.c ---- */
extern const struct ts_section ts_forward_section;
bool ts_forwarding(void);
int ts_forward_start(void);
int ts_forward_stop(void);	/* with what it did; 0, or -1: something was wrong */
void ts_forward_poll(void);	/* notices that it has ended by itself */
void ts_forward_show_rates(void);
/* Counters of a queue that may be forwarding. */
int ts_queue_stats(struct ts_queue *queue, struct sva_queue_stats *stats);

#endif /* TESTSVA_H */
