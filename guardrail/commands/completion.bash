# Completion of guardrail for bash. Written by: guardrail completion bash
_guardrail() {
  local current="${COMP_WORDS[COMP_CWORD]}" line path
  [[ $current == "=" ]] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files | :folders)
        compopt -o filenames 2>/dev/null
        local kind=-f
        [[ $line == :folders ]] && kind=-d
        while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$kind" -- "$current")
        ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]}" completion candidates -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
}
complete -F _guardrail guardrail
