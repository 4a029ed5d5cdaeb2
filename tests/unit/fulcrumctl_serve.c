// SPDX-License-Identifier: BSD-3-Clause
#include "fulcrumctl_run.h"

#include <unistd.h>

// A daemon's side of the channel for tests that are scripts: fulcrumctl_serve PATH. A byte on
// standard output says that it serves.
int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	serve(argv[1], STDOUT_FILENO);
	return 0;
}
