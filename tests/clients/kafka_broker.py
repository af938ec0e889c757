"""Apache Kafka for tests: one broker in KRaft mode, run by Java, its jars fetched by Maven once."""
import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "vedette")
VERSION = "3.9.1"
JARS = os.path.join(CACHE, "kafka-" + VERSION)
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>test</artifactId><version>1</version><dependencies><dependency>
<groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>%s</version>
</dependency></dependencies></project>
""" % VERSION
START_LIMIT_S = 60


def fetch():
    """None when the jars are there, else why not."""
    if shutil.which("java") is None:
        return "java is not installed"
    if os.path.exists(JARS):
        return None
    if shutil.which("mvn") is None:
        return "mvn is not installed"
    os.makedirs(CACHE, exist_ok=True)
    work = tempfile.mkdtemp(prefix="kafka-", dir=CACHE)
    with open(os.path.join(work, "pom.xml"), "w", encoding="utf-8") as f:
        f.write(POM)
    try:
        done = subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], cwd=work,
                              capture_output=True, text=True, timeout=240, check=False)
        if done.returncode != 0:
            print(done.stdout[-2000:])
            return "mvn could not fetch Apache Kafka"
        os.rename(os.path.join(work, "lib"), JARS)
    except subprocess.TimeoutExpired:
        return "mvn could not fetch Apache Kafka in time"
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return None


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def make_certificate(folder, name):
    """A CA, and a key with certificate of it for one name. Returns (ca, keystore) as PEM files."""
    def openssl(*words, stdin=None):
        subprocess.run(["openssl", *words], cwd=folder, input=stdin, check=True, capture_output=True)
    key = ["-newkey", "rsa:2048", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA")
    openssl("req", *key, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker")
    with open(os.path.join(folder, "names.txt"), "w", encoding="utf-8") as f:
        f.write("subjectAltName=%s\n" % name)
    openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names.txt", "-out", "broker.pem")
    store = os.path.join(folder, "store.pem")
    with open(store, "wb") as out:
        for part in ("broker.key", "broker.pem", "ca.pem"):
            with open(os.path.join(folder, part), "rb") as f:
                out.write(f.read())
    return os.path.join(folder, "ca.pem"), store


class Broker:
    """PLAINTEXT on self.address; SASL_SSL (PLAIN, user "siem") on self.secure."""

    password = "p%41;s w=rd"
    connection = "Endpoint=sb://localhost/;SharedAccessKeyName=r;SharedAccessKey=c2VjcmV0IQ==;EntityPath=hub"

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="kafka-test-")
        plain, secure, controller = free_ports(3)
        self.address = "127.0.0.1:%d" % plain
        self.secure = "localhost:%d" % secure  # the certificate is for localhost alone
        self.secure_by_address = "127.0.0.1:%d" % secure
        self.ca, store = make_certificate(self.folder, "DNS:localhost")
        self.settings = os.path.join(self.folder, "server.properties")
        with open(self.settings, "w", encoding="utf-8") as f:
            f.write(self.properties(plain, secure, controller, store))
        self.process = None
        # A cluster's name may begin with a dash, which its tool takes for an option unless it is joined.
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.java("kafka.tools.StorageTool", "format", "--cluster-id=" + cluster, "-c", self.settings)
        self.start()

    def properties(self, plain, secure, controller, store):
        login = ('org.apache.kafka.common.security.plain.PlainLoginModule required user_siem="%s" '
                 'user_$ConnectionString="%s";' % (self.password, self.connection))
        return "\n".join([
            "process.roles=broker,controller", "node.id=1",
            "controller.quorum.voters=1@127.0.0.1:%d" % controller,
            "listeners=PLAINTEXT://127.0.0.1:%d,SASL_SSL://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d" % (
                plain, secure, controller),
            "advertised.listeners=PLAINTEXT://127.0.0.1:%d,SASL_SSL://localhost:%d" % (plain, secure),
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
            "controller.listener.names=CONTROLLER", "log.dirs=%s" % os.path.join(self.folder, "logs"),
            "sasl.enabled.mechanisms=PLAIN", "listener.name.sasl_ssl.plain.sasl.jaas.config=" + login,
            "ssl.keystore.type=PEM", "ssl.keystore.location=" + store,
            "offsets.topic.replication.factor=1", "offsets.topic.num.partitions=1",
            "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1",
            "group.initial.rebalance.delay.ms=0", "auto.create.topics.enable=false", "message.max.bytes=4194304", ""])

    def java(self, name, *words):
        subprocess.run(["java", "-Xmx256m", "-cp", JARS + "/*", name, *words], check=True, capture_output=True, timeout=60)

    def start(self):
        self.log = open(os.path.join(self.folder, "broker.log"), "ab")
        self.process = subprocess.Popen(["java", "-Xmx400m", "-XX:+UseSerialGC", "-cp", JARS + "/*", "kafka.Kafka", self.settings],
                                        stdout=self.log, stderr=self.log)
        end = time.monotonic() + START_LIMIT_S
        while time.monotonic() < end:
            assert self.process.poll() is None, "the broker ended with %s" % self.process.returncode
            try:
                self.admin().close()
                return
            except Exception:  # every way of not being there yet
                time.sleep(0.3)
        raise AssertionError("the broker is not there after %d s" % START_LIMIT_S)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.log.close()

    def close(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- as a client that is not librdkafka ----

    def admin(self):
        from kafka import KafkaAdminClient
        return KafkaAdminClient(bootstrap_servers=self.address, request_timeout_ms=15000)

    def topic(self, name, partitions=3, **settings):
        from kafka.admin import NewTopic
        admin = self.admin()
        admin.create_topics([NewTopic(name, partitions, 1, topic_configs=settings)])
        admin.close()
        return name

    def producer(self, **more):
        from kafka import KafkaProducer
        return KafkaProducer(bootstrap_servers=self.address, acks="all", max_request_size=4 << 20, linger_ms=20, **more)
