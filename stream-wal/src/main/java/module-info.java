/** An embedded, time-windowed log of many keyed streams. */
@SuppressWarnings({"module", "requires-automatic"}) // dev.streamwal.cli is built after this module; chronicle.bytes has no descriptor of its own
module dev.streamwal {
    requires transitive dev.streamwal.reader;
    requires jdk.unsupported; // reached by reflection only: Unsafe.invokeCleaner, to unmap
    requires static chronicle.bytes; // of appendBytes and appendTyped, whose callers require it
    requires static micrometer.core; // of the metrics, whose users require it
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;

    exports dev.streamwal;
    exports dev.streamwal.metrics;
    exports dev.streamwal.recovery to dev.streamwal.cli;
    exports dev.streamwal.retention to dev.streamwal.cli;
    exports dev.streamwal.storage to dev.streamwal.cli;
}
