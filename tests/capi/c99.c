/* Compiled as C99 with the warnings of the library: capi/sotto.h is C. */
#include "capi/sotto.h"

const char* c99_reads_the_version(void);
int c99_counts_statuses(void);

const char* c99_reads_the_version(void) {
  return sotto_version();
}

/* Statuses that have a name, from 0 on. */
int c99_counts_statuses(void) {
  int count = 0;
  while (sotto_status_name((sotto_status)count)[0] != 'u' || count == SOTTO_UNSUPPORTED) ++count;
  return count;
}
