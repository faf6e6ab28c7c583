/** Programs to copy from. */
@SuppressWarnings("requires-automatic") // chronicle.bytes, micrometer, protobuf and xchart have no descriptor
module dev.streamwal.examples {
    requires chronicle.bytes;
    requires com.fasterxml.jackson.databind;
    requires com.google.protobuf;
    requires de.siegmar.fastcsv;
    requires dev.streamwal;
    requires dev.streamwal.cli;
    requires info.picocli;
    requires io.netty.codec;
    requires io.netty.common;
    requires io.netty.transport;
    requires java.desktop;
    requires java.management;
    requires java.net.http;
    requires jdk.httpserver;
    requires jdk.management;
    requires me.tongfei.progressbar;
    requires micrometer.core; // of gateway, as the next one
    requires micrometer.registry.prometheus;
    requires org.knowm.xchart;
    requires org.slf4j; // Chronicle Bytes needs it, and as an automatic module can't say so
    requires static org.jspecify;

    opens dev.streamwal.examples to info.picocli; // it sets the annotated fields
    opens dev.streamwal.examples.analytics to com.fasterxml.jackson.databind; // it makes JSON of records
    opens dev.streamwal.examples.gateway to info.picocli;
    opens dev.streamwal.examples.typed to com.fasterxml.jackson.databind; // it makes readings of JSON
}
