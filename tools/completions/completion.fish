# SPDX-License-Identifier: BSD-3-Clause
# fish completion of @PROGRAM@: the program itself says what may stand for the word at hand.

function __@FUNCTION@_offer
    set -l words (commandline -opc)[2..-1]
    set -l word (commandline -ct)
    set -l front ''
    if string match -qr -- '^--[^=]+=' $word # the value of an option in the same word
        set front (string replace -r -- '=.*' '=' $word)
        set -a words (string replace -r -- '=.*' '' $word)
        set word (string replace -r -- '^[^=]*=' '' $word)
    end
    for line in (@PROGRAM@ --complete $words "$word" 2>/dev/null </dev/null)
        switch $line
            case :files
                __fish_complete_path $word
            case :folders
                __fish_complete_directories $word
            case '*'
                echo -- $front$line
        end
    end
end

complete -c @PROGRAM@ -f -a '(__@FUNCTION@_offer)'
