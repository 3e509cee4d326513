// What glibc has for this is hidden from Swift, which sees its headers without _GNU_SOURCE.
#define _GNU_SOURCE
#include "CMappedFiles.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int unmap(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size;
  (void)unused;
  // The program itself has no name; what the kernel has made (linux-vdso.so.1) has no path.
  if (object->dlpi_name[0] && !strchr(object->dlpi_name, '/')) return 0;
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    // What may be written to has pages that are in no file: they would be lost.
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
    uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
    // Where the kernel will not, the pages stay, and nothing else is different.
    if (end > start) (void)madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void aidevbot_unmap_program_pages(void) { dl_iterate_phdr(unmap, NULL); }
