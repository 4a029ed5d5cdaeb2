// SPDX-License-Identifier: BSD-3-Clause
#include "config_bad.h"

static void what_is_no_yaml_is_refused_where_it_breaks(void **state)
{
	static const struct bad_config cases[] = {
		{"", "1:1: there is nothing in this file: it must be a mapping (key: value)"},
		{"# nothing\n",
			"1:1: there is nothing in this file: it must be a mapping (key: value)"},
		{"---\n"
		 "...\n",
			"2:1: a file is empty: it must be a mapping (key: value)"},
		{"hello\n", "1:1: a file must be a mapping (key: value), not text"},
		{"[]\n", "1:1: a file must be a mapping (key: value), not a list"},
		{"services: [\n",
			"2:1: not YAML: did not find expected node content: a value or a closing bracket is missing"},
		{"services: ]\n",
			"1:11: not YAML: did not find expected node content: a value or a closing bracket is missing"},
		{"pools: {a: 1\n",
			"2:1: not YAML: did not find expected ',' or '}' in what began at line 1: a mapping in braces ends with '}'"},
		{"services:\n"
		 "\t- name: s\n",
			"2:1: a tab indents this line: use spaces"},
		{"services:\n"
		 "  - name: s\n"
		 " \t  vip: 192.0.2.1\n",
			"3:1: a tab indents this line: use spaces"},
		{"a: b: c\n",
			"1:5: not YAML: mapping values are not allowed in this context: there is a second ': ' on this line, or the indentation is wrong"},
		{"services:\n"
		 "  - name: s\n"
		 "   vip: 192.0.2.1\n",
			"3:4: not YAML: did not find expected '-' indicator in what began at line 2: the indentation differs from that of the entries above"},
		{"services: []\n"
		 "---\n"
		 "pools: []\n",
			"2:1: a second document begins here: one file holds one"},
		{"services: []\n"
		 "...\n"
		 "---\n"
		 "services: []\n",
			"3:1: a second document begins here: one file holds one"},
		{"services: \"abc\n",
			"2:1: not YAML: found unexpected end of stream in what began at line 1: a quote is not closed"},
		{"services: @x\n",
			"1:11: not YAML: found character that cannot start any token: put the value in quotes"},
		{"services: - a\n",
			"1:11: not YAML: block sequence entries are not allowed in this context: put the '- ' on a line of its own"},
		{"%YAML 3.0\n"
		 "---\n"
		 "services: []\n",
			"1:1: not YAML: found incompatible YAML document: leave the line out, or write %YAML 1.1"},
		{"services: []\n"
		 "pools:\n"
		 "- name: p\n"
		 " backends: []\n",
			"4:2: not YAML: did not find expected key in what began at line 1: the indentation differs from that of the keys above"},
		{"services: {a: 1, b\n",
			"2:1: not YAML: did not find expected ',' or '}' in what began at line 1: a mapping in braces ends with '}'"},
		{"services: []\n"
		 "\"pools\" []\n",
			"3:1: not YAML: could not find expected ':' in what began at line 2: a key is followed by ': '"},
	};

	bad_check(cases, COUNT(cases));
}

static void what_is_no_text_is_refused(void **state)
{
	static const struct bad_config cases[] = {
		{"services: []\n"
		 "serv\xff: 1\n",
			"2:5: the byte 0xff is not UTF-8: save the file as UTF-8"},
		// A mark of byte order is no text: places are those that an editor shows.
		{"\xef\xbb\xbfno: key\n",
			"1:1: unknown key 'no': the keys here are hash_key, services, pools"},
		{"\xef\xbb\xbf{no: key}\n",
			"1:2: unknown key 'no': the keys here are hash_key, services, pools"},
		{"\xef\xbb\xbf# a comment\nno: key\n",
			"2:1: unknown key 'no': the keys here are hash_key, services, pools"},
		{"\xef\xbb\xbf",
			"1:1: there is nothing in this file: it must be a mapping (key: value)"},
		{"# caf\xe9\n", "1:6: the byte 0xe9 is not UTF-8: save the file as UTF-8"},
		{"# \xed\xa0\x80\n", "1:3: the byte 0xed is not UTF-8: save the file as UTF-8"},
		{"# \xc0\xaf\n", "1:3: the byte 0xc0 is not UTF-8: save the file as UTF-8"},
		{"# \xe0\x80\xaf\n", "1:3: the byte 0xe0 is not UTF-8: save the file as UTF-8"},
		{"# \xf0\x80\x80\xaf\n", "1:3: the byte 0xf0 is not UTF-8: save the file as UTF-8"},
		{"# \xf4\x90\x80\x80\n", "1:3: the byte 0xf4 is not UTF-8: save the file as UTF-8"},
		{"# \xe2\x82\n", "1:3: the byte 0xe2 is not UTF-8: save the file as UTF-8"},
		{"a: \x01\n", "1:4: the control character 0x01 is no text: remove it"},
		{"a: b\x00"
		 "c\n",
			"1:5: the control character 0x00 is no text: remove it", 7},
		{"a: \xc2\x85\n", "1:4: the control character 0x85 is no text: remove it"},
		{"a: \xe2\x80\xa8\n", "1:4: the control character 0x2028 is no text: remove it"},
		{"a: \x7f\n", "1:4: the control character 0x7f is no text: remove it"},
	};

	bad_check(cases, COUNT(cases));
}

static void what_yaml_has_and_a_configuration_has_not_is_refused(void **state)
{
	static const struct bad_config cases[] = {
		{"? [a]\n"
		 ": b\n",
			"1:3: a key must be plain text, not a list or a mapping"},
		{"{a: b}: c\n", "1:1: a key must be plain text, not a list or a mapping"},
		{"*a : b\n", "1:1: there is no anchor &a above this alias"},
		{"services: *a\n", "1:11: there is no anchor &a above this alias"},
		{"services: &a [*a]\n", "1:15: the alias *a stands inside of what it names"},
		{"? &k services\n"
		 ": []\n"
		 "*k : []\n",
			"3:1: a key must be plain text, not an alias"},
		{"services: !!seq []\n",
			"1:11: tags such as !!map have no place here: leave it out"},
		{"hash_key: !secret 00\n",
			"1:11: tags such as !!str have no place here: leave it out"},
		{"pools: !!map {}\n", "1:8: tags such as !!map have no place here: leave it out"},
		{"hash_key: \"a\\0b\"\n",
			"1:11: there is a zero byte in this text: remove the \\0"},
		{"pools: [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n",
			"1:23: nested deeper than 16 levels"},
		{"services: &a\n"
		 "  - <<: *a\n",
			"2:9: the alias *a stands inside of what it names"},
	};

	bad_check(cases, COUNT(cases));
}

static void keys_and_lists_of_the_file_are_checked(void **state)
{
	static const struct bad_config cases[] = {
		{"servces: []\n", "1:1: unknown key 'servces': did you mean 'services'?"},
		{"Services: []\n", "1:1: unknown key 'Services': did you mean 'services'?"},
		{"listeners: []\n",
			"1:1: unknown key 'listeners': the keys here are hash_key, services, pools"},
		{"services: []\n"
		 "services: []\n",
			"2:1: key 'services' is given twice (first at line 1)"},
		{"\"\": 1\n", "1:1: unknown key '': the keys here are hash_key, services, pools"},
		{"? \n"
		 ": 1\n",
			"1:2: unknown key '': the keys here are hash_key, services, pools"},
		{"1: 2\n", "1:1: unknown key '1': the keys here are hash_key, services, pools"},
		{"services: {}\n", "1:11: services must be a list, not a mapping (key: value)"},
		{"services: web\n", "1:11: services must be a list, not text"},
		{"services:\n", "1:10: services is empty: it must be a list"},
		{"services: ~\n", "1:11: services is empty: it must be a list"},
		{"pools: 3\n", "1:8: pools must be a list, not text"},
		{"pools: null\n", "1:8: pools is empty: it must be a list"},
		{"pools: {p: {}}\n", "1:8: pools must be a list, not a mapping (key: value)"},
		{"services: [web]\n", "1:12: service 1 must be a mapping (key: value), not text"},
		{"services: [[]]\n", "1:12: service 1 must be a mapping (key: value), not a list"},
		{"services:\n"
		 "  -\n",
			"2:4: service 1 is empty: it must be a mapping (key: value)"},
		{"pools: [1]\n", "1:9: pool 1 must be a mapping (key: value), not text"},
		{"pools:\n"
		 "  - name: p\n"
		 "    backends: [a]\n",
			"3:16: pool 'p': backend 1 must be a mapping (key: value), not text"},
		{"hash_key: 1234\n", "1:11: hash_key must be 32 hexadecimal digits, not '1234'"},
		{"hash_key: [1]\n", "1:11: hash_key must be 32 hexadecimal digits, not a list"},
		{"hash_key:\n", "1:10: hash_key is empty: it must be 32 hexadecimal digits"},
		{"hash_key: 6f1c0a94d2b85e3770c4e1f89b26d5eg\n",
			"1:11: hash_key must be 32 hexadecimal digits, not '6f1c0a94d2b85e3770c4e1f89b26d5eg'"},
		{"hash_key: 6f1c0a94d2b85e3770c4e1f89b26d5e2ff\n",
			"1:11: hash_key must be 32 hexadecimal digits, not '6f1c0a94d2b85e3770c4e1f89b26d5e2ff'"},
	};

	bad_check(cases, COUNT(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_yaml_is_refused_where_it_breaks),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(what_yaml_has_and_a_configuration_has_not_is_refused),
		cmocka_unit_test(keys_and_lists_of_the_file_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
