/** The command line of stream-wal. */
module dev.streamwal.cli {
    requires com.fasterxml.jackson.core;
    requires de.siegmar.fastcsv;
    requires dev.streamwal;
    requires info.picocli;
    requires io.netty.common;
    requires me.tongfei.progressbar;
    requires static com.google.errorprone.annotations;
    requires static org.jspecify;

    exports dev.streamwal.cli; // to run a command in a process of one's own

    opens dev.streamwal.cli to info.picocli; // it sets the annotated fields
}
