#pragma once

/// Unmaps the pages of the program and of its libraries that nobody has written to. Those that are
/// needed come back by themselves, from the page cache as a rule.
void aidevbot_unmap_program_pages(void);
