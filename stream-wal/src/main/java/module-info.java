/** An embedded, time-windowed log of many keyed streams. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // chronicle.bytes has no descriptor of its own
module dev.streamwal {
    requires transitive chronicle.bytes;
    requires transitive dev.streamwal.reader;
    requires jdk.unsupported; // reached by reflection only: Unsafe.invokeCleaner, to unmap
    requires org.slf4j; // Chronicle Bytes needs it, and as an automatic module can't say so
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;

    exports dev.streamwal;
    exports dev.streamwal.recovery to dev.streamwal.cli;
    exports dev.streamwal.retention to dev.streamwal.cli;
    exports dev.streamwal.storage to dev.streamwal.cli;
}
