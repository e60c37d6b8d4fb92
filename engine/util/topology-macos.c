/* SPDX-License-Identifier: GPL-3.0-or-later
 * The processor's cores as macOS describes them. A process there is not bound to processors. */
#include <sys/sysctl.h>
#include <sys/types.h>

#include "util/topology.h"

/* 0: the system does not say. */
static unsigned
read_number (const char *name)
{
  int number = 0;
  size_t size = sizeof number;

  if (sysctlbyname (name, &number, &size, NULL, 0) != 0 || size != sizeof number || number < 0)
    return 0;
  return (unsigned) number;
}

void
lm_topology_get (lm_topology *topology)
{
  unsigned n_logical = read_number ("hw.logicalcpu");
  unsigned n_fast = read_number ("hw.perflevel0.physicalcpu"); /* Apple's own processors only */
  unsigned n_slow = read_number ("hw.perflevel1.physicalcpu");

  if (n_fast == 0) {
    n_fast = read_number ("hw.physicalcpu");
    n_slow = 0;
  }
  n_fast = n_fast > 0 ? n_fast : 1;
  *topology = (lm_topology) {
    .n_logical = n_logical > n_fast + n_slow ? n_logical : n_fast + n_slow,
    .n_performance = n_fast,
    .n_efficiency = n_slow,
  };
}
