/* SPDX-License-Identifier: GPL-3.0-or-later
 * What Windows says of the computer. */
#include "linnet-system.h"

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0a00
#endif
#include <windows.h>

#include <powrprof.h>
#include <psapi.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define PROCESSOR_KEY L"HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0"

typedef SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information;

/* ---- Processor ---------------------------------------------------------------------------- */

static void
read_name (LinnetSystem *system)
{
  WCHAR name[128] = { 0 };
  DWORD bytes = sizeof name - sizeof name[0];

  if (RegGetValueW (HKEY_LOCAL_MACHINE, PROCESSOR_KEY, L"ProcessorNameString", RRF_RT_REG_SZ, NULL,
                    name, &bytes) != ERROR_SUCCESS ||
      WideCharToMultiByte (CP_UTF8, 0, name, -1, system->processor, sizeof system->processor, NULL,
                           NULL) == 0)
    system->processor[0] = '\0';
}

static unsigned
count_bits (KAFFINITY mask)
{
  unsigned n = 0;

  for (; mask != 0; mask &= mask - 1)
    n++;
  return n;
}

/* Records of one relationship, each of a length of its own; NULL: none. Freed by the caller. */
static char *
get_records (LOGICAL_PROCESSOR_RELATIONSHIP relationship, DWORD *bytes)
{
  char *records = NULL;

  *bytes = 0;
  if (!GetLogicalProcessorInformationEx (relationship, NULL, bytes) &&
      GetLastError () == ERROR_INSUFFICIENT_BUFFER)
    records = malloc (*bytes);
  if (records != NULL &&
      GetLogicalProcessorInformationEx (relationship, (Information *) records, bytes))
    return records;
  free (records);
  return NULL;
}

/* The cores of the highest efficiency class are the fast ones. */
static void
read_cores (LinnetSystem *system)
{
  DWORD bytes;
  char *records = get_records (RelationProcessorCore, &bytes);
  BYTE best = 0;

  for (DWORD at = 0; records != NULL && at < bytes; at += ((Information *) (records + at))->Size) {
    const PROCESSOR_RELATIONSHIP *core = &((Information *) (records + at))->Processor;

    for (WORD i = 0; i < core->GroupCount; i++)
      system->n_threads += count_bits (core->GroupMask[i].Mask);
    system->n_cores++;
    if (core->EfficiencyClass > best) {
      best = core->EfficiencyClass;
      system->n_slow_cores += system->n_fast_cores;
      system->n_fast_cores = 0;
    }
    if (core->EfficiencyClass == best)
      system->n_fast_cores++;
    else
      system->n_slow_cores++;
  }
  if (system->n_slow_cores == 0)
    system->n_fast_cores = 0;
  free (records);
}

/* The caches of the highest level. */
static void
read_cache (LinnetSystem *system)
{
  DWORD bytes;
  char *records = get_records (RelationCache, &bytes);
  BYTE highest = 0;

  for (DWORD at = 0; records != NULL && at < bytes; at += ((Information *) (records + at))->Size) {
    const CACHE_RELATIONSHIP *cache = &((Information *) (records + at))->Cache;

    if (cache->Level > highest) {
      highest = cache->Level;
      system->cache_bytes = 0;
    }
    if (cache->Level == highest)
      system->cache_bytes += cache->CacheSize;
  }
  free (records);
}

static bool
find_virtual (void)
{
#if defined(__x86_64__) || defined(__i386__)
  unsigned a, b, c, d;
  char maker[13] = { 0 };

  if (!__get_cpuid (1, &a, &b, &c, &d) || (c & 1u << 31) == 0)
    return false;
  /* With its own virtualisation on, Windows itself runs on Hyper-V, on a real computer: only the
   * root partition may make others. */
  __cpuid (0x40000000, a, b, c, d);
  memcpy (maker, &b, 4);
  memcpy (maker + 4, &c, 4);
  memcpy (maker + 8, &d, 4);
  if (strcmp (maker, "Microsoft Hv") != 0)
    return true;
  __cpuid (0x40000003, a, b, c, d);
  return (b & 1) == 0;
#else
  return false;
#endif
}

/* ---- Memory ------------------------------------------------------------------------------- */

/* The commit limit is memory and page file together, and so is what is left of it. */
static void
read_memory (LinnetSystem *system)
{
  MEMORYSTATUSEX status = { .dwLength = sizeof status };
  PROCESS_MEMORY_COUNTERS_EX own = { .cb = sizeof own };

  if (GlobalMemoryStatusEx (&status)) {
    uint64_t committed = status.ullTotalPageFile - status.ullAvailPageFile;
    uint64_t resident = status.ullTotalPhys - status.ullAvailPhys;

    system->memory_bytes = status.ullTotalPhys;
    system->available_bytes = status.ullAvailPhys;
    if (status.ullTotalPageFile > status.ullTotalPhys)
      system->swap_bytes = status.ullTotalPageFile - status.ullTotalPhys;
    /* What was promised beyond what is in memory lies in the page file, or is not written yet. */
    if (committed > resident)
      system->swap_used_bytes = committed - resident;
    if (system->swap_used_bytes > system->swap_bytes)
      system->swap_used_bytes = system->swap_bytes;
  }
  if (K32GetProcessMemoryInfo (GetCurrentProcess (), (PROCESS_MEMORY_COUNTERS *) &own, sizeof own))
    system->own_bytes =
        own.PrivateUsage < own.WorkingSetSize ? own.PrivateUsage : own.WorkingSetSize;
}

/* ---- Power -------------------------------------------------------------------------------- */

static void
read_supply (LinnetSystem *system)
{
  SYSTEM_POWER_STATUS status;

  if (!GetSystemPowerStatus (&status))
    return;
  if (status.ACLineStatus == 1)
    system->power = LINNET_SYSTEM_MAINS;
  else if (status.ACLineStatus == 0)
    system->power = LINNET_SYSTEM_BATTERY;
  if (status.BatteryFlag != 255 && (status.BatteryFlag & 128) == 0 &&
      status.BatteryLifePercent <= 100)
    system->battery_percent = status.BatteryLifePercent;
  if (status.SystemStatusFlag == 1) /* battery saver */
    system->profile = LINNET_SYSTEM_PROFILE_SAVER;
}

static void
read_profile (LinnetSystem *system)
{
  static const struct {
    GUID scheme;
    LinnetSystemProfile profile;
  } schemes[] = {
    { { 0xa1841308, 0x3541, 0x4fab, { 0xbc, 0x81, 0xf7, 0x15, 0x56, 0xf2, 0x0b, 0x4a } },
      LINNET_SYSTEM_PROFILE_SAVER },
    { { 0x381b4222, 0xf694, 0x41f0, { 0x96, 0x85, 0xff, 0x5b, 0xb2, 0x60, 0xdf, 0x2e } },
      LINNET_SYSTEM_PROFILE_BALANCED },
    { { 0x8c5e7fda, 0xe8bf, 0x4a96, { 0x9a, 0x85, 0xa6, 0xe2, 0x3a, 0x8c, 0x63, 0x5c } },
      LINNET_SYSTEM_PROFILE_PERFORMANCE },
  };
  GUID *active = NULL;

  if (system->profile != LINNET_SYSTEM_PROFILE_UNKNOWN ||
      PowerGetActiveScheme (NULL, &active) != ERROR_SUCCESS)
    return;
  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
    if (memcmp (active, &schemes[i].scheme, sizeof *active) == 0)
      system->profile = schemes[i].profile;
  LocalFree (active);
}

/* As the kernel reports a processor, in megahertz; not in the SDK's headers. */
typedef struct {
  ULONG number;
  ULONG max_mhz;
  ULONG current_mhz;
  ULONG mhz_limit;
  ULONG max_idle_state;
  ULONG current_idle_state;
} Clock;

static void
read_clock (LinnetSystem *system)
{
  SYSTEM_INFO info;
  Clock *clocks;
  DWORD n;

  GetSystemInfo (&info); /* the processors of this group, which the call below is about */
  n = info.dwNumberOfProcessors;
  clocks = calloc (n, sizeof *clocks);
  if (clocks != NULL && CallNtPowerInformation (ProcessorInformation, NULL, 0, clocks,
                                                n * (ULONG) sizeof *clocks) == 0)
    for (DWORD i = 0; i < n; i++) {
      double now = clocks[i].current_mhz * 1e6, most = clocks[i].max_mhz * 1e6;

      system->clock_hz = now > system->clock_hz ? now : system->clock_hz;
      system->clock_limit_hz = most > system->clock_limit_hz ? most : system->clock_limit_hz;
    }
  free (clocks);
}

void
linnet_system_read (LinnetSystem *system)
{
  *system = (LinnetSystem) { .battery_percent = -1 };
  read_name (system);
  read_cores (system);
  read_cache (system);
  system->is_virtual = find_virtual ();
  read_memory (system);
  read_supply (system);
  read_profile (system);
  read_clock (system);
}
