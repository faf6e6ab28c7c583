/** Reads stream-wal logs, from the process that writes them or from another one. */
@SuppressWarnings({"module", "requires-automatic"}) // targets of qualified exports are built after this module; chronicle.bytes has no descriptor
module dev.streamwal.reader {
    requires transitive io.netty.buffer;
    requires io.netty.common;
    requires jdk.jfr; // the base of the events: a run time without it couldn't load them
    requires static chronicle.bytes; // of codec.chronicle, whose users require it
    requires static com.fasterxml.jackson.databind; // of codec.jackson, likewise
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;

    exports dev.streamwal.backup;
    exports dev.streamwal.codec;
    exports dev.streamwal.codec.chronicle;
    exports dev.streamwal.codec.jackson;
    exports dev.streamwal.error;
    exports dev.streamwal.keys;
    exports dev.streamwal.reader;
    exports dev.streamwal.catalog to dev.streamwal, dev.streamwal.cli;
    exports dev.streamwal.consumer to dev.streamwal, dev.streamwal.cli;
    exports dev.streamwal.encryption to dev.streamwal, dev.streamwal.cli;
    exports dev.streamwal.events to dev.streamwal;
    exports dev.streamwal.format to dev.streamwal, dev.streamwal.cli, dev.streamwal.ratis;
    exports dev.streamwal.image to dev.streamwal;
    exports dev.streamwal.io to dev.streamwal, dev.streamwal.cli, dev.streamwal.ratis;
    exports dev.streamwal.journal to dev.streamwal;
    exports dev.streamwal.manifest to dev.streamwal, dev.streamwal.cli;
    exports dev.streamwal.pack to dev.streamwal, dev.streamwal.cli;
    exports dev.streamwal.segment to dev.streamwal, dev.streamwal.cli;
    exports dev.streamwal.tier to dev.streamwal, dev.streamwal.cli;
    exports dev.streamwal.shared to dev.streamwal, dev.streamwal.cli;
}
