/* SPDX-License-Identifier: GPL-3.0-or-later
 * The processor's cores as Linux describes them in /sys (Documentation/ABI/stable/
 * sysfs-devices-system-cpu). */
#include <stdio.h>
#include <string.h>

#include "util/topology.h"

#define MAX_PATH_BYTES 512
#define MAX_TEXT_BYTES 4096 /* a page, which no file of /sys is longer than */

/* The text of a file below sys; false: missing, empty, too long or not text. */
static bool
read_text (const char *sys, const char *name, char text[MAX_TEXT_BYTES])
{
  char path[MAX_PATH_BYTES];
  int length = snprintf (path, sizeof path, "%s/%s", sys, name);
  FILE *file = length > 0 && (size_t) length < sizeof path ? fopen (path, "rb") : NULL;
  size_t n;

  if (file == NULL)
    return false;
  n = fread (text, 1, MAX_TEXT_BYTES, file);
  fclose (file);
  if (n == 0 || n == MAX_TEXT_BYTES || memchr (text, '\0', n) != NULL)
    return false;
  text[n] = '\0';
  return true;
}

static bool
is_end (const char *text)
{
  return text[0] == '\0' || (text[0] == '\n' && text[1] == '\0');
}

/* Reads a number of at most seven digits and moves on to what follows it. */
static bool
parse_number (const char **text, unsigned *number)
{
  const char *c = *text;

  *number = 0;
  while (*c >= '0' && *c <= '9' && c - *text < 7)
    *number = *number * 10 + (unsigned) (*c++ - '0');
  if (c == *text || (*c >= '0' && *c <= '9'))
    return false;
  *text = c;
  return true;
}

/* A list such as "0-3,8,10-11". */
static bool
parse_processors (const char *text, lm_processors *set)
{
  unsigned first, last;

  *set = (lm_processors) { 0 };
  for (;;) {
    if (!parse_number (&text, &first))
      return false;
    last = first;
    if (*text == '-') {
      text++;
      if (!parse_number (&text, &last))
        return false;
    }
    if (last < first || last >= LM_MAX_PROCESSORS)
      return false;
    for (unsigned i = first; i <= last; i++)
      lm_processors_add (set, i);
    if (*text != ',')
      return is_end (text);
    text++;
  }
}

static bool
read_processors (const char *sys, const char *name, lm_processors *set)
{
  char text[MAX_TEXT_BYTES];

  return read_text (sys, name, text) && parse_processors (text, set);
}

/* A core's number: that of its first hyper-thread; alone where the system does not say. */
static unsigned
find_core (const char *sys, unsigned processor)
{
  char name[80];
  lm_processors siblings;
  unsigned first = 0;

  snprintf (name, sizeof name, "devices/system/cpu/cpu%u/topology/thread_siblings_list", processor);
  if (!read_processors (sys, name, &siblings) || !lm_processors_has (&siblings, processor))
    return processor;
  while (!lm_processors_has (&siblings, first))
    first++;
  return first;
}

/* Relative to the fastest processor's 1024; 0: the system does not say. */
static unsigned
read_capacity (const char *sys, unsigned processor)
{
  char name[80], text[MAX_TEXT_BYTES];
  const char *c = text;
  unsigned capacity;

  snprintf (name, sizeof name, "devices/system/cpu/cpu%u/cpu_capacity", processor);
  if (!read_text (sys, name, text) || !parse_number (&c, &capacity) || !is_end (c))
    return 0;
  return capacity;
}

/* The processors of ARM's slowest kind, if that is clearly slower than the fastest: capacities of
 * one kind differ by some percent where each has a clock of its own. */
static void
find_little (const char *sys, const lm_processors *allowed, lm_processors *little)
{
  unsigned least = 0, most = 0, capacity;

  for (unsigned i = 0; i < LM_MAX_PROCESSORS; i++) {
    if (!lm_processors_has (allowed, i))
      continue;
    capacity = read_capacity (sys, i);
    if (capacity == 0)
      return;
    least = least == 0 || capacity < least ? capacity : least;
    most = capacity > most ? capacity : most;
  }
  if (least * 4 >= most * 3)
    return;
  for (unsigned i = 0; i < LM_MAX_PROCESSORS; i++)
    if (lm_processors_has (allowed, i) && read_capacity (sys, i) == least)
      lm_processors_add (little, i);
}

void
lm_topology_read_sys (const char *sys, const lm_processors *allowed, lm_topology *topology)
{
  lm_processors cores = { 0 }, slow = { 0 }, fast;

  *topology = (lm_topology) { 0 };
  /* Intel's hybrid processors say which kind is which. */
  if (!read_processors (sys, "devices/cpu_core/cpus", &fast) ||
      !read_processors (sys, "devices/cpu_atom/cpus", &slow)) {
    slow = (lm_processors) { 0 };
    find_little (sys, allowed, &slow);
  }
  for (unsigned i = 0; i < LM_MAX_PROCESSORS; i++) {
    unsigned core;

    if (!lm_processors_has (allowed, i))
      continue;
    topology->n_logical++;
    core = find_core (sys, i);
    if (lm_processors_has (&cores, core))
      continue;
    lm_processors_add (&cores, core);
    if (lm_processors_has (&slow, i))
      topology->n_efficiency++;
    else
      topology->n_performance++;
  }
}
