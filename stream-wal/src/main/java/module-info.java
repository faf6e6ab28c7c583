/** An embedded, time-windowed log of many keyed streams. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // chronicle.bytes has no descriptor of its own
module dev.streamwal {
    requires transitive chronicle.bytes;
    requires transitive dev.streamwal.reader;
    requires jdk.unsupported; // reached by reflection only: Unsafe.invokeCleaner, to unmap
    requires org.slf4j; // Chronicle Bytes needs it, and as an automatic module can't say so
    requires static com.fasterxml.jackson.core; // the command line's, as are fastcsv, picocli and progressbar: the library needs none of them
    requires static com.google.errorprone.annotations;
    requires static de.siegmar.fastcsv;
    requires static info.picocli;
    requires static me.tongfei.progressbar;
    requires static transitive org.jspecify;

    exports dev.streamwal;

    opens dev.streamwal.cli to info.picocli; // it sets the annotated fields
}
