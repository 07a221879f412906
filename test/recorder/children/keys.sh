# A program that wants a terminal: says what it gets of keys, signals and sizes.
n=0
trap 'echo "int $((n += 1))"' INT
trap 'echo "size $(stty size)"' WINCH
echo "size $(stty size)"
test -t 0 && test -t 1 && test -t 2 && echo ready
read -r line
echo "line $line"
while [ $n -lt 2 ]; do sleep 0.05; done
cat
echo over
exit 5
