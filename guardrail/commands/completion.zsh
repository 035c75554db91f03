#compdef guardrail
# Completion of guardrail for zsh. Written by: guardrail completion zsh
_guardrail() {
  local line tab=$'\t'
  local -a found shown
  local -a lines=("${(@f)$("${words[1]}" completion candidates -- "${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
  compset -P '*='
  for line in $lines; do
    case $line in
      :files) _files ;;
      :folders) _files -/ ;;
      *)
        found+=("${line%%$tab*}")
        shown+=("${line/$tab/  -- }")
        ;;
    esac
  done
  (( $#found )) && compadd -l -d shown -a found
}
if [[ $funcstack[1] == _guardrail ]]; then _guardrail "$@"; else compdef _guardrail guardrail; fi
