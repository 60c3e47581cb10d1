print("fkv")
