/** Files with unusual names and types that ts-proto can still generate code for. */
export const ODD_FILES = {
  'odd/v1/names.proto': `
    edition = "2023";
    package odd.v1;
    import "google/longrunning/operations.proto";
    import "google/protobuf/empty.proto";
    import "google/protobuf/struct.proto";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    import "odd/other.proto";

    service Methods {
      rpc GetAPIKey(Request) returns (google.longrunning.Operation) {
        option (google.longrunning.operation_info) = { response_type: "Date" metadata_type: "Outer.Inner" };
      }
      rpc HTTP2Upgrade(Outer.Inner) returns (google.longrunning.Operation) {
        option (google.longrunning.operation_info).response_type = "odd.v1.Outer.Inner.Deepest";
        option (google.longrunning.operation_info).metadata_type = ".odd.v1.snake_case_message";
      }
      rpc delete(google.protobuf.Empty) returns (google.longrunning.Operation) {
        option (google.longrunning.operation_info) = { response_type: "google.protobuf.Timestamp" metadata_type: "google.protobuf.Struct" };
      }
      rpc snake_case_2(Request) returns (google.longrunning.Operation) {
        option (google.longrunning.operation_info) = { response_type: "google.protobuf.StringValue" metadata_type: "google.protobuf.Value" };
      }
      rpc New(odd.Request) returns (google.longrunning.Operation) {
        option deprecated = true;
        option (google.longrunning.operation_info) = { response_type: "odd.Response" metadata_type: "OperationMethod" };
      }
      rpc X(Request) returns (google.longrunning.Operation) {
        option (google.longrunning.operation_info) = { response_type: "MethodsOperations" metadata_type: "google.protobuf.Empty" };
      }
      rpc Plain(Request) returns (OperationMethod);
    }
    // Its comment contains */.
    service Other_Methods {
      rpc Constructor(Request) returns (google.longrunning.Operation) {
        option (google.longrunning.operation_info) = { response_type: "Request" metadata_type: "ALL_CAPS" };
      }
    }
    service Nothing { rpc Plain(Request) returns (Request); }
    message Request {}
    message Date {}
    message Function {}
    message OperationMethod {}
    message MethodsOperations {}
    message ALL_CAPS {}
    message snake_case_message {}
    message Outer { message Inner { message Deepest {} } }`,
  'odd/other.proto': `
    syntax = "proto2";
    package odd;
    message Request { required string name = 1; }
    message Response {}`,
  'no_package.proto': `
    syntax = "proto3";
    import "google/longrunning/operations.proto";
    service Bare {
      rpc Start(Empty) returns (google.longrunning.Operation) {
        option (google.longrunning.operation_info) = { response_type: "Empty" metadata_type: ".Empty" };
      }
    }
    message Empty {}`,
};
