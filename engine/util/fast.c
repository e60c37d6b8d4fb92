/* SPDX-License-Identifier: GPL-3.0-or-later
 * Quality of service, as Windows and macOS name it. */
#include "util/fast.h"

#if defined(_WIN32)
#include <windows.h>

void
lm_thread_keep_fast (void)
{
  THREAD_POWER_THROTTLING_STATE power = {
    .Version = THREAD_POWER_THROTTLING_CURRENT_VERSION,
    .ControlMask = THREAD_POWER_THROTTLING_EXECUTION_SPEED,
    .StateMask = 0, /* not throttled: no EcoQoS */
  };

  /* Versions before Windows 10 1709 refuse, and do not throttle either. */
  (void) SetThreadInformation (GetCurrentThread (), ThreadPowerThrottling, &power, sizeof power);
  (void) SetThreadPriority (GetCurrentThread (), THREAD_PRIORITY_NORMAL);
}

#elif defined(__APPLE__)
#include <pthread.h>

void
lm_thread_keep_fast (void)
{
  /* A thread of a higher class (the main one) stays there. */
  if (qos_class_self () < QOS_CLASS_USER_INITIATED)
    (void) pthread_set_qos_class_self_np (QOS_CLASS_USER_INITIATED, 0);
}

#else

void
lm_thread_keep_fast (void)
{
}

#endif
