/** Programs to copy from. */
@SuppressWarnings("requires-automatic") // xchart has no descriptor
module dev.streamwal.examples {
    requires de.siegmar.fastcsv;
    requires dev.streamwal;
    requires info.picocli;
    requires io.netty.codec;
    requires io.netty.common;
    requires io.netty.transport;
    requires java.desktop;
    requires java.management;
    requires jdk.management;
    requires me.tongfei.progressbar;
    requires org.knowm.xchart;
    requires static org.jspecify;

    opens dev.streamwal.examples to info.picocli; // it sets the annotated fields
}
