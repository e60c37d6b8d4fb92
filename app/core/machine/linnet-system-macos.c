/* SPDX-License-Identifier: GPL-3.0-or-later
 * What macOS says of the computer. Temperatures and clocks it keeps to itself. */
#include "linnet-system.h"

#include <CoreFoundation/CoreFoundation.h>
#include <IOKit/ps/IOPSKeys.h>
#include <IOKit/ps/IOPowerSources.h>
#include <mach/mach.h>
#include <string.h>
#include <sys/sysctl.h>

/* A number of 32 or of 64 bits; 0: the system does not say. */
static uint64_t
read_number (const char *name)
{
  uint64_t wide = 0;
  uint32_t narrow;
  size_t size = sizeof wide;

  if (sysctlbyname (name, &wide, &size, NULL, 0) != 0)
    return 0;
  if (size == sizeof wide)
    return wide;
  if (size != sizeof narrow)
    return 0;
  memcpy (&narrow, &wide, sizeof narrow);
  return narrow;
}

/* ---- Processor ---------------------------------------------------------------------------- */

static void
read_processor (LinnetSystem *system)
{
  size_t size = sizeof system->processor - 1;

  if (sysctlbyname ("machdep.cpu.brand_string", system->processor, &size, NULL, 0) != 0)
    system->processor[0] = '\0';
  system->n_threads = (unsigned) read_number ("hw.logicalcpu");
  system->n_cores = (unsigned) read_number ("hw.physicalcpu");
  /* Apple's own processors only. */
  system->n_fast_cores = (unsigned) read_number ("hw.perflevel0.physicalcpu");
  system->n_slow_cores = (unsigned) read_number ("hw.perflevel1.physicalcpu");
  if (system->n_slow_cores == 0)
    system->n_fast_cores = 0;
  system->is_virtual = read_number ("kern.hv_vmm_present") != 0;
  system->cache_bytes = read_number ("hw.l3cachesize");
  if (system->cache_bytes == 0)
    system->cache_bytes =
        read_number ("hw.perflevel0.l2cachesize") + read_number ("hw.perflevel1.l2cachesize");
  if (system->cache_bytes == 0)
    system->cache_bytes = read_number ("hw.l2cachesize");
  system->clock_hz = (double) read_number ("hw.cpufrequency"); /* Intel only */
  system->clock_limit_hz = (double) read_number ("hw.cpufrequency_max");
}

/* ---- Memory ------------------------------------------------------------------------------- */

static void
read_memory (LinnetSystem *system)
{
  vm_statistics64_data_t statistics;
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  task_vm_info_data_t own;
  mach_msg_type_number_t own_count = TASK_VM_INFO_COUNT;
  struct xsw_usage swap;
  size_t size = sizeof swap;
  mach_port_t host = mach_host_self ();
  vm_size_t page = 0;

  system->memory_bytes = read_number ("hw.memsize");
  if (host_page_size (host, &page) == KERN_SUCCESS &&
      host_statistics64 (host, HOST_VM_INFO64, (host_info64_t) &statistics, &count) == KERN_SUCCESS)
    /* Files that are cached, and what may be thrown away, are had back when they are needed. */
    system->available_bytes = ((uint64_t) statistics.free_count + statistics.external_page_count +
                               statistics.purgeable_count) *
                              page;
  mach_port_deallocate (mach_task_self (), host);
  if (sysctlbyname ("vm.swapusage", &swap, &size, NULL, 0) == 0 && size == sizeof swap) {
    system->swap_bytes = swap.xsu_total;
    system->swap_used_bytes = swap.xsu_used;
  }
  if (task_info (mach_task_self (), TASK_VM_INFO, (task_info_t) &own, &own_count) == KERN_SUCCESS)
    system->own_bytes = own.phys_footprint;
}

/* ---- Power -------------------------------------------------------------------------------- */

static int
get_number (CFDictionaryRef source, const char *key)
{
  CFStringRef name = CFStringCreateWithCString (NULL, key, kCFStringEncodingUTF8);
  CFTypeRef value = name != NULL ? CFDictionaryGetValue (source, name) : NULL;
  int number = -1;

  if (value == NULL || CFGetTypeID (value) != CFNumberGetTypeID () ||
      !CFNumberGetValue (value, kCFNumberIntType, &number))
    number = -1;
  if (name != NULL)
    CFRelease (name);
  return number;
}

static void
read_battery (LinnetSystem *system, CFTypeRef all)
{
  CFArrayRef list = IOPSCopyPowerSourcesList (all);

  for (CFIndex i = 0; list != NULL && i < CFArrayGetCount (list); i++) {
    CFDictionaryRef source = IOPSGetPowerSourceDescription (all, CFArrayGetValueAtIndex (list, i));
    int now = source != NULL ? get_number (source, kIOPSCurrentCapacityKey) : -1;
    int most = source != NULL ? get_number (source, kIOPSMaxCapacityKey) : -1;

    if (now >= 0 && most > 0 && now <= most)
      system->battery_percent = (int) ((int64_t) now * 100 / most);
  }
  if (list != NULL)
    CFRelease (list);
}

static void
read_power (LinnetSystem *system)
{
  CFTypeRef all = IOPSCopyPowerSourcesInfo ();
  CFStringRef kind;

  if (all == NULL)
    return;
  kind = IOPSGetProvidingPowerSourceType (all);
  if (kind != NULL && CFStringCompare (kind, CFSTR (kIOPSACPowerValue), 0) == kCFCompareEqualTo)
    system->power = LINNET_SYSTEM_MAINS;
  else if (kind != NULL)
    system->power = LINNET_SYSTEM_BATTERY;
  read_battery (system, all);
  CFRelease (all);
}

void
linnet_system_read (LinnetSystem *system)
{
  *system = (LinnetSystem) { .battery_percent = -1 };
  read_processor (system);
  read_memory (system);
  read_power (system);
}
