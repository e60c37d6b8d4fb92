/* SPDX-License-Identifier: GPL-3.0-or-later
 * The processor's cores as Windows describes them. */
#include <stdlib.h>
#include <windows.h>

#include "util/topology.h"

typedef SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX information;

/* The processors this process may run on. */
typedef struct {
  bool all;   /* of every group; otherwise: */
  WORD group; /* Windows numbers processors in groups of 64 */
  KAFFINITY mask;
} affinity;

static affinity
get_affinity (void)
{
  HANDLE process = GetCurrentProcess ();
  affinity a = { .all = true };
  USHORT group = 0, n_groups = 1;
  DWORD_PTR mask = 0, system = 0;

  /* Fails for a process that is in several groups, and so not bound to processors. */
  if (GetProcessGroupAffinity (process, &n_groups, &group) &&
      GetProcessAffinityMask (process, &mask, &system) && mask != 0)
    a = (affinity) { .group = group, .mask = mask };
  return a;
}

static unsigned
count_bits (KAFFINITY mask)
{
  unsigned n = 0;

  for (; mask != 0; mask &= mask - 1)
    n++;
  return n;
}

/* Processors of a core that may be used. */
static unsigned
count_allowed (const PROCESSOR_RELATIONSHIP *core, const affinity *a)
{
  unsigned n = 0;

  for (WORD i = 0; i < core->GroupCount; i++) {
    if (a->all)
      n += count_bits (core->GroupMask[i].Mask);
    else if (core->GroupMask[i].Group == a->group)
      n += count_bits (core->GroupMask[i].Mask & a->mask);
  }
  return n;
}

/* bytes of records, one a core, each of a length of its own. The cores of the highest efficiency
 * class are the fast ones. */
static void
count_cores (const char *records, DWORD bytes, lm_topology *topology)
{
  affinity a = get_affinity ();
  BYTE best = 0;

  for (DWORD at = 0; at < bytes; at += ((const information *) (records + at))->Size) {
    const PROCESSOR_RELATIONSHIP *core = &((const information *) (records + at))->Processor;
    unsigned n = count_allowed (core, &a);

    topology->n_logical += n;
    if (n == 0)
      continue;
    if (core->EfficiencyClass > best) {
      best = core->EfficiencyClass;
      topology->n_efficiency += topology->n_performance;
      topology->n_performance = 0;
    }
    if (core->EfficiencyClass == best)
      topology->n_performance++;
    else
      topology->n_efficiency++;
  }
}

void
lm_topology_get (lm_topology *topology)
{
  DWORD bytes = 0;
  char *records = NULL;

  *topology = (lm_topology) { 0 };
  if (!GetLogicalProcessorInformationEx (RelationProcessorCore, NULL, &bytes) &&
      GetLastError () == ERROR_INSUFFICIENT_BUFFER)
    records = malloc (bytes);
  if (records != NULL &&
      GetLogicalProcessorInformationEx (RelationProcessorCore, (information *) records, &bytes))
    count_cores (records, bytes, topology);
  free (records);
  if (topology->n_logical == 0) {
    SYSTEM_INFO system;

    GetSystemInfo (&system);
    topology->n_logical = system.dwNumberOfProcessors > 0 ? system.dwNumberOfProcessors : 1;
    topology->n_performance = topology->n_logical;
  }
}
