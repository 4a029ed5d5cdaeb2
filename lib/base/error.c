// SPDX-License-Identifier: BSD-3-Clause
#include <base/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (err != NULL) {
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
	}
	return -code;
}

int error_prefix(struct error *err, int code, const char *format, ...)
{
	char before[ERROR_SIZE - 3]; // leaves room for ": "
	char after[ERROR_SIZE];
	va_list args;
	size_t used;

	if (err == NULL)
		return -code;
	va_start(args, format);
	vsnprintf(before, sizeof(before), format, args);
	va_end(args);
	memcpy(after, err->text, sizeof(after));
	snprintf(err->text, sizeof(err->text), "%s: ", before);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, "%s", after);
	return -code;
}
