/** Shells with completion. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

// Each script runs `longrunning complete -- WORDS`, which prints one candidate per line: the word, a tab and its
// description. The lines `:files` and `:directories` tell the shell to add paths.

const BASH = String.raw`# bash completion of longrunning
_longrunning() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line
  [[ $current == "=" ]] && current=""
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
        ;;
      :directories)
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current")
        ;;
      *) COMPREPLY+=("\${line%%$'\t'*}") ;;
    esac
  done < <(longrunning complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _longrunning longrunning
`;

const ZSH = String.raw`#compdef longrunning
# zsh completion of longrunning
_longrunning() {
  local line found=1
  local -a candidates
  for line in "\${(@f)$(longrunning complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      '') ;;
      :files) _files && found=0 ;;
      :directories) _files -/ && found=0 ;;
      *)
        local word="\${line%%$'\t'*}" description="\${line#*$'\t'}"
        candidates+=("\${word//:/\\:}:$description")
        ;;
    esac
  done
  (( $#candidates )) && _describe longrunning candidates && found=0
  return found
}
if [[ $funcstack[1] == _longrunning ]]; then
  _longrunning "$@"
else
  compdef _longrunning longrunning
fi
`;

const FISH = `# fish completion of longrunning
function __longrunning_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (longrunning complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (commandline -ct)
            case :directories
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c longrunning -f -a '(__longrunning_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** Returns the completion script of a shell. */
export function completionScript(shell: Shell): string {
  // In a raw template, `${` can only be written with a backslash.
  return SCRIPTS[shell].replaceAll('\\${', '${');
}
