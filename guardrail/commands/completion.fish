# Completion of guardrail for fish. Written by: guardrail completion fish
function __guardrail_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l prefix (string match -r '^.*=' -- $current)
    set -l rest (string replace -r '^.*=' '' -- $current)
    for line in ($words[1] completion candidates -- $words[2..-1] "$current" 2>/dev/null </dev/null)
        switch $line
            case ':files'
                for path in (__fish_complete_path $rest)
                    echo "$prefix$path"
                end
            case ':folders'
                for path in (__fish_complete_directories $rest)
                    echo "$prefix$path"
                end
            case '*'
                echo "$prefix$line"
        end
    end
end
complete -c guardrail -f -a '(__guardrail_candidates)'
