# Which programs of the system a package of that name stands for.
{
  coreutils = [
    "basename" "cat" "chmod" "chown" "comm" "cp" "cut" "date" "dirname" "du" "echo" "env" "expr"
    "false" "fold" "head" "id" "install" "join" "ln" "ls" "md5sum" "mkdir" "mkfifo" "mktemp" "mv"
    "nl" "nproc" "od" "paste" "printenv" "printf" "pwd" "readlink" "realpath" "rm" "rmdir" "seq"
    "sha1sum" "sha256sum" "sha512sum" "sleep" "sort" "split" "stat" "stty" "sync" "tac" "tail" "tee"
    "test" "timeout" "touch" "tr" "true" "truncate" "tty" "uname" "uniq" "unlink" "wc" "whoami" "yes"
    "base64" "df" "expand" "factor" "fmt" "groups" "link" "logname" "nice" "nohup" "numfmt"
    "shuf" "shred" "sum" "users" "who" "cksum" "b2sum" "csplit" "pr" "tsort" "unexpand" "["
  ];
  diffutils = [ "diff" "cmp" "diff3" "sdiff" ];
  findutils = [ "find" "xargs" ];
  gawk = [ "awk" "gawk" ];
  gcc = [ "cc" "gcc" "c++" "g++" "cpp" "ar" "as" "ld" "nm" "objdump" "ranlib" "strip" ];
  gnugrep = [ "grep" "egrep" "fgrep" ];
  gnumake = [ "make" ];
  gnused = [ "sed" ];
  gnutar = [ "tar" ];
  gzip = [ "gzip" "gunzip" "zcat" ];
  patch = [ "patch" ];
  xz = [ "xz" "unxz" ];
}
